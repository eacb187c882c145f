/** How far a run is, in a line; and lines at the foot of a terminal that are drawn again and again. */
import { plain, widthOf } from './table.ts'
import type { Terminal } from './terminal.ts'
import { duration, number, octets } from './words.ts'
import type { Run } from './wire.ts'

const barWidth = 24
/** Over the last so many seconds: long enough to be steady, short enough to be true. */
const paceMs = 10_000

/** What was seen of a run, and when: its pace. */
export class Pace {
  /** Messages of this maildrop that an earlier run has seen to: they need no time. */
  readonly #known: number
  #seen: { readonly atMs: number; readonly run: Run }[] = []

  constructor(known: number) {
    this.#known = known
  }

  saw(run: Run, atMs: number): void {
    this.#seen = [...this.#seen.filter((one) => one.atMs > atMs - paceMs), { atMs, run }]
  }

  line(title: string, nowMs: number): string {
    const last = this.#seen.at(-1)
    if (last === undefined) return title
    const { run } = last
    if (run.state === 'queued') return `${title}  waits for a worker`
    const did = handled(run)
    const total = Math.max(did, run.listed - this.#known)
    const first = this.#seen[0] ?? last
    const seconds = Math.max(0.5, (nowMs - first.atMs) / 1000)
    const perSecond = (did - handled(first.run)) / seconds
    const left = perSecond > 0 ? `${duration(((total - did) / perSecond) * 1000)} left` : ''
    return [
      `${title}  ${bar(total === 0 ? 0 : did / total)}`,
      `${number(did)} of ${number(total)}`,
      octets(run.bytes),
      `${octets((run.bytes - first.run.bytes) / seconds)}/s`,
      did < total ? left : '',
    ]
      .filter((part) => part !== '')
      .join('  ')
  }
}

/** How many of what is listed now were seen to before. */
export function knownOf(last: Run | null): number {
  if (last === null) return 0
  return last.state === 'done' ? Math.max(0, last.listed - last.deleted) : last.stored + last.recovered
}

const handled = ({ stored, recovered, quarantined }: Run) => stored + recovered + quarantined

export function bar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * barWidth)
  return `[${'#'.repeat(full)}${'-'.repeat(barWidth - full)}] ${String(Math.floor(Math.min(1, share) * 100)).padStart(3)}%`
}

/** Lines that stay at the foot of the terminal, under what is printed meanwhile. */
export class Foot {
  readonly #terminal: Terminal
  #rows = 0

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  draw(lines: readonly string[]): void {
    if (!this.#terminal.lively) return
    const { columns, stderr } = this.#terminal
    const shown = lines.map((line) => cutTo(plain(line), columns - 1))
    const hide = this.#rows === 0 ? '\x1b[?25l' : ''
    stderr.write(`${hide}${this.#up()}${shown.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`)
    this.#rows = shown.length
  }

  /** Away with it, the cursor shown again. */
  clear(): void {
    if (this.#rows === 0) return
    this.#terminal.stderr.write(`${this.#up()}\x1b[J\x1b[?25h`)
    this.#rows = 0
  }

  #up(): string {
    return this.#rows === 0 ? '' : `\x1b[${this.#rows}A\r`
  }
}

/** From its end: what stands in front says whose line it is. */
function cutTo(text: string, columns: number): string {
  return widthOf(text) <= columns ? text : text.slice(0, columns)
}
