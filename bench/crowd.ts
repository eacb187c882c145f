/**
 * `npm run bench -- crowd`: says how accounts fare at servers that work while as many are registered before them at servers that hang, drip and
 * refuse. Wanted: all are visited within 30 s, and 99 of 100 visits come less than 10 s late.
 *
 *   --bad 1000  --healthy 1000  --kinds silent,drip,refuse (and slam, late, busy)
 *   --where server     or ports, addresses, names: one server for each kind, or a thousand of them, or one under a thousand names
 *   --healthy-servers 1   --destinations 20   --bad-destinations 0 (they share those of the healthy ones)
 *   --messages 1   --interval 20   --seconds 60   --workers 1
 *   --pull             every bad account is asked for by POST /pull
 *   --churn            bad accounts are paused, resumed and removed
 *   --mistaken 0       so many accounts of the healthy servers have a wrong password, and as many a maildrop in use
 *   --sessions-max 0   so many sessions a healthy server takes at once; beyond it says that there are too many
 *   --said             shows what the workers wrote
 */
import { crowd, type CrowdSeen, type CrowdWish, usualCrowd } from '../test/support/crowd.ts'
import { verdict } from './verdict.ts'
import { wishLike } from './wish.ts'

function report(wish: CrowdWish, seen: CrowdSeen): string {
  const { punctuality, calls } = seen
  const s = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  const lines = [
    verdict(seen.within30s === wish.healthy, `${seen.within30s} of ${wish.healthy} were visited within 30 s`),
    verdict(punctuality.visited === wish.healthy, `${punctuality.visited} were visited in ${wish.seconds} s`),
    verdict(
      punctuality.p99 < 10_000,
      `late by ${s(punctuality.p50)} (half), ${s(punctuality.p99)} (99 of 100), ${s(punctuality.most)} (most), of ${punctuality.visits} visits`,
    ),
    verdict(seen.ended.length === 0, `${seen.ended.length} processes ended by themselves ${seen.ended.join(', ')}`),
    `        bad servers: ${seen.badConnections} connections, ${seen.badOpenMost} open at once at most`,
    `        healthy servers: ${seen.visits} visits, ${seen.healthyMost} sessions at once at one of them, ${seen.refused} turned away`,
  ]
  if (calls.length > 0)
    lines.push(
      `        ${calls.length} calls: ${(calls[Math.floor(calls.length / 2)] ?? 0).toFixed(0)} ms (half), ${(calls[Math.floor(calls.length * 0.99)] ?? 0).toFixed(0)} ms (99 of 100)`,
    )
  if (showsSaid) lines.push(...seen.said)
  return `${lines.join('\n')}\n`
}

const { wish, showsSaid } = wishLike(usualCrowd)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))
process.stdout.write(report(wish, await crowd(wish, (line) => process.stderr.write(`${line}\n`))))
