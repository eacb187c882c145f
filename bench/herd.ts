/**
 * `npm run bench -- herd`: many accounts become due while the workers, Redis, the store or the network are away; says how they are visited
 * when all are back. Wanted: all of them soon, no server sees more sessions than it takes, and a "check now" is answered within 5 s meanwhile.
 *
 *   --accounts 10000   --servers 20   --destinations 100   --workers 1   --messages 0
 *   --away workers     or redis, store, network (no greetings), lines (nothing comes through), providers (they refuse); several with
 *                      commas, one after the other
 *   --away-seconds 5   the schedule is moved by an interval when they begin: an hour does not differ
 *   --interval 3600    it is as long as the first visits take, or longer
 *   --sessions-max 0   so many sessions a server takes at once; beyond it says that there are too many
 *   --first-seconds 900   --drain-seconds 180   --said
 */
import { allAway } from '../test/support/away.ts'
import { herds, type HerdSeen, type HerdWish, type Told, usualHerd } from '../test/support/herd.ts'
import { verdict } from './verdict.ts'
import { wishLike } from './wish.ts'

function report(wish: HerdWish, seen: HerdSeen): string {
  const { drainedAfter, visited, most, mostByServer, refused, visits, meanwhile, atLast, checks, said } = seen
  const slowest = checks.at(-1) ?? 0
  const s = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  const p99 = checks[Math.min(checks.length - 1, Math.floor(checks.length * 0.99))] ?? 0
  const told = ({ failing, attention, overdue }: Told) => `${failing} failing, ${attention} stopped, ${overdue} overdue`
  const lines = [
    verdict(drainedAfter !== undefined, `${visited} of ${wish.accounts} visited, after ${drainedAfter?.toFixed(1)} s`),
    verdict(slowest < 5000, `${checks.length} times "check now": ${s(p99)} (99 of 100), ${s(slowest)} at most`),
    verdict(atLast.failing + atLast.attention === 0, `at last: ${told(atLast)}`),
    `        before the return: ${meanwhile === undefined ? 'nobody could tell' : told(meanwhile)}`,
    `        news: ${counts(seen.news)}`,
    `        log: ${counts(seen.logged)}`,
    verdict(refused <= visits / 100, `${most} sessions at once at one server, ${refused} of ${visits} turned away`),
    `        at each server, most at once: ${mostByServer.join(' ')}`,
    `        the most memory: ${seen.workerMiB.toFixed(0)} MiB of a worker, ${seen.redisMiB.toFixed(0)} of Redis`,
  ]
  if (showsSaid) lines.push(...said)
  return `${lines.join('\n')}\n`
}

function counts(of: Readonly<Record<string, number>>): string {
  return (
    Object.entries(of)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ') || 'none'
  )
}

const { wish, showsSaid } = wishLike({ ...usualHerd, away: ['workers'] as readonly string[] })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))
const wishes = wish.away.map((name) => {
  const away = allAway.find((one) => one === name)
  if (away === undefined) throw new Error(`--away takes ${allAway.join(', ')}, not ${name}.`)
  return { ...wish, away }
})
for (const [nth, seen] of (await herds(wishes, (line) => process.stderr.write(`${line}\n`))).entries())
  process.stdout.write(`${wish.away[nth]} away\n${report(wishes[nth] ?? usualHerd, seen)}`)
