/** Shows in one line how far a run is, and redraws lines at the foot of a terminal. */
import { plain, widthOf } from './table.ts'
import type { Terminal } from './terminal.ts'
import { duration, number, octets, waitOf } from './words.ts'
import type { Run } from './wire.ts'

const barWidth = 24
/** The pace is measured over this time: long enough to be steady, short enough to be current. */
const paceMs = 10_000

/** Computes the pace of a run from the counts that the API gave and the times at which it gave them. */
export class Pace {
  #samples: { readonly atMs: number; readonly run: Run }[] = []

  saw(run: Run, atMs: number): void {
    this.#samples = [...this.#samples.filter((one) => one.atMs > atMs - paceMs), { atMs, run }]
  }

  line(title: string, nowMs: number): string {
    const last = this.#samples.at(-1)
    if (last === undefined) return title
    const { run } = last
    if (run.state === 'queued') return `${title}  ${waitOf(run)}`
    if (run.task === 'rebuild') return `${title}  ${number(run.recovered)} found in the store`
    const { messages, of } = wayOf(run)
    if (of === 0) return `${title}  looks what is there`
    const first = this.#samples[0] ?? last
    const seconds = Math.max(0.5, (nowMs - first.atMs) / 1000)
    const perSecond = (messages - wayOf(first.run).messages) / seconds
    // The worker knows the sizes of what is left, and what an import may bring in an hour.
    const secondsLeft = run.secondsLeft ?? (perSecond > 0 ? (of - messages) / perSecond : 0)
    const left = messages < of && secondsLeft > 0 ? `  ${duration(secondsLeft * 1000)} left` : ''
    const rate = octets((run.bytes - first.run.bytes) / seconds)
    return `${title}  ${bar(messages / of)}  ${number(messages)} of ${number(of)}  ${octets(run.bytes)}  ${rate}/s${left}`
  }
}

/** Counts the messages that are done, out of those that the run fetches; if that number is not known, out of all listed messages. */
function wayOf({ fetched, listed, stored, recovered, quarantined }: Run): { messages: number; of: number } {
  return fetched ?? { messages: Math.min(listed, stored + recovered + quarantined), of: listed }
}

export function bar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * barWidth)
  return `[${'#'.repeat(full)}${'-'.repeat(barWidth - full)}] ${String(Math.floor(Math.min(1, share) * 100)).padStart(3)}%`
}

/** Lines that stay at the foot of the terminal, below everything that is printed meanwhile. */
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

  /** Removes the lines, and shows the cursor again. */
  clear(): void {
    if (this.#rows === 0) return
    this.#terminal.stderr.write(`${this.#up()}\x1b[J\x1b[?25h`)
    this.#rows = 0
  }

  #up(): string {
    return this.#rows === 0 ? '' : `\x1b[${this.#rows}A\r`
  }
}

/** Cuts off the end of a line that is too long, because its beginning says to which account the line belongs. */
function cutTo(text: string, columns: number): string {
  return widthOf(text) <= columns ? text : text.slice(0, columns)
}
