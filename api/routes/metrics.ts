/** `/metrics` for Prometheus. It is open (CONTRACT section 2), so nothing in it names a person. Each API process answers for all workers. */
import type { Redis } from 'ioredis'
import { AggregatorRegistry, collectDefaultMetrics, Registry } from 'prom-client'
import { counters, histograms } from '../../src/runs/measures.ts'
import { DueAccounts } from '../../src/redis/due.ts'
import { withIdleButDue } from '../../src/redis/idle-but-due.ts'
import { keys } from '../../src/redis/key-names.ts'
import { type Places, placesNow } from '../../src/redis/places.ts'
import { type OutboxFigures, outboxFigures } from '../../src/redis/outbox-figures.ts'
import { overdueAccounts } from '../../src/redis/overdue.ts'
import type { Pauses } from '../../src/redis/pauses.ts'
import type { PullQueue } from '../../src/redis/queue.ts'
import { statusCounts } from '../../src/redis/statuses.ts'
import { openRunCounts } from '../../src/redis/tallies.ts'
import { LiveWorkers, type WorkerVitals } from '../../src/redis/workers.ts'
import type { App } from '../app.ts'
import { cached } from '../http/cached.ts'

export interface MetricsWorld {
  readonly redis: Redis
  readonly queue: PullQueue
  readonly pauses: Pauses
}

/** The form in which prom-client passes metrics from process to process, and reads and writes them. */
interface Metric {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly aggregator: 'sum'
  readonly values: readonly {
    readonly metricName?: string
    readonly labels: Readonly<Record<string, string>>
    readonly value: number
  }[]
}

export async function metricRoutes(app: App, world: MetricsWorld): Promise<void> {
  const own = new Registry()
  collectDefaultMetrics({ register: own, prefix: 'tributary_api_' })
  const text = cached(async () => {
    const shared = await sharedMetrics(world).catch(() => undefined)
    const up = gauge('tributary_redis_up', 'Whether Redis answers; what is missing where it does not, it knows', [
      [{}, shared === undefined ? 0 : 1],
    ])
    return await AggregatorRegistry.aggregate([[up, ...(shared ?? [])], await own.getMetricsAsJSON()]).metrics()
  })
  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    return await reply.type(own.contentType).send(await text())
  })
}

async function sharedMetrics({ redis, queue, pauses }: MetricsWorld): Promise<Metric[]> {
  const nowMs = Date.now()
  const [measures, byStatus, runs, jobs, dueMs, paused, destinations, workers, late, places, outbox] =
    await Promise.all([
      redis.hgetall(keys.measures),
      statusCounts(redis, undefined),
      openRunCounts(redis),
      queue.depth(),
      new DueAccounts(redis).earliestMs(),
      pauses.lasting(nowMs),
      redis.zcard(keys.destinationIds),
      new LiveWorkers(redis).vitals(),
      overdueAccounts(redis),
      placesNow(redis),
      outboxFigures(redis, nowMs),
    ])
  const shownByStatus = await withIdleButDue(redis, undefined, byStatus)
  const overdueSeconds = dueMs === undefined ? 0 : Math.max(0, nowMs - dueMs) / 1000
  const by = (label: string, of: Readonly<Record<string, number>>) =>
    Object.entries(of).map(([name, value]): Sample => [{ [label]: name }, value])
  const ofWorkers = (what: keyof WorkerVitals) =>
    [...workers].map(([worker, vitals]): Sample => [{ worker }, vitals[what] ?? 0])
  return [
    ...countersIn(measures),
    ...histogramsIn(measures),
    gauge('tributary_accounts', 'Accounts by status', by('status', shownByStatus)),
    gauge('tributary_destinations', 'Destinations; paused: their stores are in trouble', [
      [{ state: 'all' }, destinations],
      [{ state: 'paused' }, paused.size],
    ]),
    gauge('tributary_runs_open', 'Runs that have not ended', by('state', runs)),
    gauge(
      'tributary_queue_jobs',
      'Jobs in the queue: to be taken next (prioritized), later, at work',
      by('state', jobs),
    ),
    gauge('tributary_overdue_seconds', 'How long the account that waits longest is due and not claimed', [
      [{}, overdueSeconds],
    ]),
    gauge(
      'tributary_accounts_overdue',
      'Accounts that are due and were not visited for three of their longest intervals; of very many at least a thousand',
      [[{}, late.length]],
    ),
    gauge('tributary_workers', 'Workers that are there', [[{}, workers.size]]),
    ...placesIn(places),
    ...outboxIn(outbox),
    gauge('tributary_worker_event_loop_lag_seconds', '99th percentile of the last seconds', ofWorkers('lagSeconds')),
    gauge('tributary_worker_resident_memory_bytes', 'Memory of the process', ofWorkers('residentBytes')),
    gauge('tributary_worker_sessions', 'Sessions that the worker holds at once, at most', ofWorkers('sessions')),
    gauge('tributary_worker_sessions_used', 'Jobs that it has at work', ofWorkers('sessionsUsed')),
    gauge(
      'tributary_worker_heavy_places',
      'Places for heavy work: first imports, large messages, many messages at once',
      ofWorkers('heavyPlaces'),
    ),
    gauge('tributary_worker_heavy_places_used', 'Places for heavy work that are taken', ofWorkers('heavyPlacesUsed')),
    gauge('tributary_worker_heavy_waiting', 'Runs that wait for a place for heavy work', ofWorkers('heavyWaiting')),
    gauge('tributary_worker_held_bytes', 'Octets of messages that it holds in memory', ofWorkers('heldBytes')),
    { ...gauge('tributary_worker_cpu_seconds_total', 'Of the process', ofWorkers('cpuSeconds')), type: 'counter' },
  ]
}

function outboxIn({ waiting, forPerson, octets, overdueSeconds }: OutboxFigures): Metric[] {
  return [
    gauge('tributary_outbox_messages', 'Messages that have not ended; those that wait for a person', [
      [{ state: 'waiting' }, waiting],
      [{ state: 'unknown' }, forPerson],
    ]),
    gauge('tributary_outbox_bytes', 'Octets of messages that lie on the disk', [[{}, octets]]),
    gauge(
      'tributary_outbox_overdue_seconds',
      'How long the account that waits longest has something to send that no worker takes',
      [[{}, overdueSeconds]],
    ),
  ]
}

/** Who holds sessions, and whose accounts wait for one. */
function placesIn({ used, due, classes, most, hosts }: Places): Metric[] {
  const byClass = (what: 'used' | 'waiting') =>
    Object.entries(classes).map(([name, of]): Sample => [{ class: name }, of[what]])
  const byHost = (what: 'used' | 'limit') => hosts.map((of): Sample => [{ host: of.host }, of[what]])
  return [
    gauge('tributary_sessions', 'Visits that are claimed or at work', [[{}, used]]),
    gauge('tributary_accounts_due', 'Accounts that are due; those at work are among them', [[{}, due]]),
    gauge(
      'tributary_class_sessions',
      'Sessions at servers of a class: good, new (not known yet), slow',
      byClass('used'),
    ),
    gauge('tributary_class_servers_due', 'Servers of a class at which accounts wait that are due', byClass('waiting')),
    gauge(
      'tributary_largest_share_sessions',
      'Sessions of the one destination, or address of a server, that has most',
      [
        [{ of: 'destination' }, most.destination],
        [{ of: 'address' }, most.peer],
      ],
    ),
    gauge('tributary_host_sessions', 'Sessions at a host now; "other" beyond the first hundred hosts', byHost('used')),
    gauge('tributary_host_slots', 'How many sessions the servers of that host get', byHost('limit')),
  ]
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number]

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, help, type: 'gauge', aggregator: 'sum', values: samples.map(([labels, value]) => ({ labels, value })) }
}

function countersIn(measures: Readonly<Record<string, string>>): Metric[] {
  return Object.entries(counters).map(([name, { help, labels }]) => {
    const measured = Object.entries(measures).flatMap(([field, value]) => {
      const [of, ...given] = field.split('|')
      if (of !== name) return []
      const named = Object.fromEntries(labels.map((label: string, nth) => [label, given[nth] ?? '']))
      return [{ labels: named, value: Number(value) }]
    })
    const none = labels.length === 0 && measured.length === 0 ? [{ labels: {}, value: 0 }] : []
    return { name, help, type: 'counter', aggregator: 'sum', values: [...measured, ...none] }
  })
}

/** Makes histograms. Redis keeps a count for each bucket; Prometheus wants, for each bound, the count of all values up to it. */
function histogramsIn(measures: Readonly<Record<string, string>>): Metric[] {
  return Object.entries(histograms).map(([name, { help, buckets }]) => {
    const of = (le: string) => Number(measures[`${name}|${le}`] ?? 0)
    let count = 0
    const values = [...buckets.map(String), '+Inf'].map((le) => {
      count += of(le)
      return { metricName: `${name}_bucket`, labels: { le }, value: count }
    })
    const sum = { metricName: `${name}_sum`, labels: {}, value: of('sum') }
    const all = { metricName: `${name}_count`, labels: {}, value: count }
    return { name, help, type: 'histogram', aggregator: 'sum', values: [...values, sum, all] }
  })
}
