/** Counts runs for machines to read (`/metrics`): the names, labels and buckets, and the additions of one run. Nothing here names a person. */
import type { Run } from './run.ts'

/** The counters: the meaning of each, and its labels in the order of the field. */
export const counters = {
  tributary_runs_total: { help: 'Runs that have ended', labels: ['task', 'outcome'] },
  tributary_messages_total: { help: 'Messages, by what became of them', labels: ['result'] },
  tributary_stored_bytes_total: { help: 'Octets of messages stored, as the provider sent them', labels: [] },
  tributary_failures_total: {
    help: 'Runs that failed; host is the provider, "store" or "proxy" where that is at fault, "other" beyond the first hundred',
    labels: ['kind', 'host'],
  },
} as const satisfies Record<string, { readonly help: string; readonly labels: readonly string[] }>

/** The histograms: the meaning of each, and the upper bounds of its buckets in seconds. */
export const histograms = {
  tributary_run_duration_seconds: {
    help: 'From the start of a run to its end',
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800],
  },
  tributary_start_delay_seconds: {
    help: 'From when a run was due, or asked for, to its start',
    buckets: [0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600],
  },
  tributary_interval_seconds: {
    help: 'From the end of a visit to when the account is due again',
    buckets: [60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200],
  },
  tributary_append_duration_seconds: {
    help: 'What the store took for one append: a batch, or one message',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
  },
} as const

type CounterName = keyof typeof counters
type HistogramName = keyof typeof histograms

/** A field of the hash in Redis, and the number that is added to it. The field joins names and labels with `|`, which none of them holds. */
export type Added = readonly [field: string, by: number]

const counted = (name: CounterName, by: number, ...labels: string[]): Added => [[name, ...labels].join('|'), by]

/** The observations of one run in a histogram. They are not cumulative: the reader of the histogram adds them up. */
export class Spread {
  readonly #name: HistogramName
  readonly #counts = new Map<string, number>()
  #seconds = 0

  constructor(name: HistogramName) {
    this.#name = name
  }

  observe(ms: number): this {
    const seconds = Math.max(0, ms) / 1000
    const le = String(histograms[this.#name].buckets.find((bound) => seconds <= bound) ?? '+Inf')
    this.#counts.set(le, (this.#counts.get(le) ?? 0) + 1)
    this.#seconds += seconds
    return this
  }

  get added(): Added[] {
    const counts = [...this.#counts].map(([le, by]): Added => [`${this.#name}|${le}`, by])
    return counts.length === 0 ? [] : [...counts, [`${this.#name}|sum`, this.#seconds]]
  }
}

/** The measures that a worker takes of a run. */
export interface Measured {
  /** When the run was due, in milliseconds since 1970. */
  readonly dueMs: number
  readonly appends: Spread
}

/** The additions of one run to the counters and histograms. */
export function addedBy(run: Run, measured: Measured | undefined): Added[] {
  const { task, state, stored, recovered, deleted, quarantined, bytes, startedAt, finishedAt } = run
  const results = Object.entries({ stored, recovered, deleted, quarantined })
  const startedMs = Date.parse(startedAt ?? '')
  const durations = new Spread('tributary_run_duration_seconds')
  if (startedAt !== null && finishedAt !== null) durations.observe(Date.parse(finishedAt) - startedMs)
  const delays = new Spread('tributary_start_delay_seconds')
  if (startedAt !== null && measured !== undefined) delays.observe(startedMs - measured.dueMs)
  return [
    counted('tributary_runs_total', 1, task, state),
    ...results.filter(([, by]) => by > 0).map(([result, by]) => counted('tributary_messages_total', by, result)),
    ...(bytes > 0 ? [counted('tributary_stored_bytes_total', bytes)] : []),
    ...durations.added,
    ...delays.added,
    ...(measured?.appends.added ?? []),
  ]
}

/** The additions of visits that found nothing to do. */
export function addedByChecks(
  checks: readonly { readonly startedMs: number; readonly finishedMs: number; readonly dueMs: number }[],
): Added[] {
  if (checks.length === 0) return []
  const durations = new Spread('tributary_run_duration_seconds')
  const delays = new Spread('tributary_start_delay_seconds')
  for (const { startedMs, finishedMs, dueMs } of checks) {
    durations.observe(finishedMs - startedMs)
    delays.observe(startedMs - dueMs)
  }
  return [counted('tributary_runs_total', checks.length, 'pull', 'done'), ...durations.added, ...delays.added]
}

/** Names the provider, the store or the proxy that is blamed for a failure; undefined if none is. */
export function blamed({ failure }: Run, host: string): string | undefined {
  if (failure?.step?.code === 'check the proxy') return 'proxy'
  switch (failure?.kind) {
    case undefined:
    case 'stopped':
    case 'superseded':
    case 'internal':
    case 'sign-in needed':
      return undefined
    case 'store unreachable':
    case 'store refused':
    case 'store full':
      return 'store'
    case 'unreachable':
    case 'tls':
    case 'silent':
    case 'credentials refused':
    case 'throttled':
    case 'maildrop in use':
    case 'provider refused':
    case 'broken protocol':
    case 'token service unreachable':
      return /^[a-z0-9.:_-]{1,100}$/.test(host.toLowerCase()) ? host.toLowerCase() : 'other'
  }
}
