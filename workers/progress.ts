/** Shows people a run while it is under way. */
import { workerLimits } from './limits.ts'
import type { Runs } from '../src/redis/runs.ts'
import { type Fetched, noCounts, type Run, type RunCounts } from '../src/runs/run.ts'

interface ProgressTerms {
  nowMs(): number
  readonly countedDownEveryMs: number
  /** Nobody has heard of the run: it is shown when it finds something to do, or has gone on for this long. 0: it is shown already. */
  readonly shownAfterMs: number
}

/** Writes a running run's counts at most twice a second, one write at a time. */
export class Progress {
  readonly #runs: Pick<Runs, 'change'>
  readonly #run: Run
  readonly #counts: RunCounts
  readonly #notices = new Set<string>()
  #fetched: Fetched | null = null
  #secondsLeft: number | null = null
  #leftSaidAtMs = 0
  #writing: Promise<void> | undefined
  #writtenAtMs = 0
  #isShown: boolean
  /** The next write: it includes every change until then. */
  #due: NodeJS.Timeout | undefined
  /** A write though nothing has changed: the time that is left has. */
  #again: NodeJS.Timeout | undefined

  readonly #terms: ProgressTerms

  constructor(
    runs: Pick<Runs, 'change'>,
    run: Run,
    counts: RunCounts,
    {
      nowMs = () => performance.now(),
      countedDownEveryMs = workerLimits.countedDownEveryMs,
      shownAfterMs = 0,
    }: Partial<ProgressTerms> = {},
  ) {
    this.#terms = { nowMs, countedDownEveryMs, shownAfterMs }
    this.#runs = runs
    this.#run = run
    this.#counts = counts
    this.#isShown = shownAfterMs === 0
    if (!this.#isShown) this.#due = setTimeout(() => this.#write(), shownAfterMs)
  }

  /** Somebody has heard of the run. */
  get isShown(): boolean {
    return this.#isShown
  }

  get notices(): string[] {
    return [...this.#notices]
  }

  /** Counted down since it was said: until the next window comes, or its budget has more, nobody says it anew. */
  get secondsLeft(): number | null {
    if (this.#secondsLeft === null) return null
    const sinceSeconds = (this.#terms.nowMs() - this.#leftSaidAtMs) / 1000
    return Math.max(Math.min(1, this.#secondsLeft), Math.round(this.#secondsLeft - sinceSeconds))
  }

  notice(sentence: string): void {
    this.#notices.add(sentence)
  }

  changed(fetched?: Fetched, secondsLeft?: number | null): void {
    this.#fetched = fetched ?? this.#fetched
    if (secondsLeft !== undefined) {
      this.#secondsLeft = secondsLeft
      this.#leftSaidAtMs = this.#terms.nowMs()
    }
    if (!this.#isShown) {
      if (!this.#hasFound()) return
      clearTimeout(this.#due)
      this.#due = undefined
    }
    const sinceMs = this.#terms.nowMs() - this.#writtenAtMs
    this.#due ??= setTimeout(() => this.#write(), Math.max(0, workerLimits.progressEveryMs - sinceMs))
  }

  #hasFound(): boolean {
    const { listed: _listed, ...counts } = this.#counts
    return (this.#fetched?.of ?? 0) > 0 || Object.values(counts).some((count) => count > 0)
  }

  #write(): void {
    this.#due = undefined
    this.#isShown = true
    this.#writtenAtMs = this.#terms.nowMs()
    clearTimeout(this.#again)
    const { secondsLeft } = this
    if (secondsLeft !== null && secondsLeft > 1)
      this.#again = setTimeout(() => this.changed(), this.#terms.countedDownEveryMs)
    const before = this.#writing
    // The counts are only shown to people: the next write, or the run's end, repairs a write that fails.
    this.#writing = (async () => {
      await before
      const shown = { fetched: this.#fetched, secondsLeft }
      await this.#runs.change({ ...this.#run, ...pick(this.#counts), ...shown }).catch(() => {})
    })()
  }

  /** After this no write is under way, so none can overtake the run's end. */
  async settled(): Promise<void> {
    clearTimeout(this.#due)
    clearTimeout(this.#again)
    await this.#writing
  }
}

/** The counts alone, as a value of their own. A worker of an older version may have written fewer. */
export function pick(from: Partial<RunCounts>): RunCounts {
  const counts = noCounts()
  for (const name of Object.keys(counts) as (keyof RunCounts)[]) counts[name] = from[name] ?? 0
  return counts
}
