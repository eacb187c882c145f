/**
 * `npm run bench -- herd`: many accounts become due while the workers, Redis, the store or the network are away; says how they are visited
 * when all are back. Wanted: all of them soon, no server sees more sessions than it takes, and a "check now" is answered within 5 s meanwhile.
 *
 *   --accounts 10000   --servers 20   --destinations 100   --workers 1   --messages 0   --interval 60
 *   --away workers     or redis, store, network
 *   --away-seconds 60  (an hour does not differ: all are due after their interval)
 *   --sessions-max 0   so many sessions a server takes at once; beyond it says that there are too many
 *   --drain-seconds 180   --said
 */
import { parseArgs } from 'node:util'
import { herd, type HerdSeen, type HerdWish, usualHerd } from '../test/support/herd.ts'

const number = { type: 'string' } as const
const { values: options } = parseArgs({
  options: {
    accounts: number,
    servers: number,
    destinations: number,
    workers: number,
    messages: number,
    interval: number,
    away: { type: 'string' },
    'away-seconds': number,
    'sessions-max': number,
    'drain-seconds': number,
    said: { type: 'boolean', default: false },
  },
})

function wishOf(): HerdWish {
  const figure = (text: string | undefined, usual: number) => (text === undefined ? usual : Number(text))
  return {
    accounts: figure(options.accounts, usualHerd.accounts),
    servers: figure(options.servers, usualHerd.servers),
    destinations: figure(options.destinations, usualHerd.destinations),
    workers: figure(options.workers, usualHerd.workers),
    messages: figure(options.messages, usualHerd.messages),
    intervalSeconds: figure(options.interval, usualHerd.intervalSeconds),
    away: (options.away ?? usualHerd.away) as HerdWish['away'],
    awaySeconds: figure(options['away-seconds'], usualHerd.awaySeconds),
    sessionsMax: figure(options['sessions-max'], usualHerd.sessionsMax),
    firstSeconds: usualHerd.firstSeconds,
    drainSeconds: figure(options['drain-seconds'], usualHerd.drainSeconds),
  }
}

function report(wish: HerdWish, { drainedAfter, visited, most, refused, visits, checks, said }: HerdSeen): string {
  const slowest = checks.at(-1) ?? 0
  const lines = [
    verdict(drainedAfter !== undefined, `${visited} of ${wish.accounts} visited, after ${drainedAfter?.toFixed(1)} s`),
    verdict(slowest < 5000, `${checks.length} times "check now": ${(slowest / 1000).toFixed(1)} s at most`),
    verdict(refused <= visits / 100, `${most} sessions at once at one server, ${refused} of ${visits} turned away`),
  ]
  if (options.said) lines.push(...said)
  return `${lines.join('\n')}\n`
}

function verdict(met: boolean, words: string): string {
  if (!met) process.exitCode = 1
  return `${met ? 'met    ' : 'NOT MET'} ${words}`
}

const wish = wishOf()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))
process.stdout.write(report(wish, await herd(wish, (line) => process.stderr.write(`${line}\n`))))
