/** What runs have brought: by hour and day for people, and in all for machines. Written by the script that closes a run, so that each counts once. */
import type { Redis } from 'ioredis'
import type { Account } from '../account/account.ts'
import { redisLimits } from './limits.ts'
import { addedBy, blamed, type Measured } from '../runs/measures.ts'
import type { Run } from '../runs/run.ts'
import { keys } from './key-names.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
export const hoursKept = 48
export const daysKept = 30

/** Of an hour or a day. */
export interface Tally {
  /** When it began. */
  readonly at: string
  readonly messages: number
  readonly bytes: number
  readonly runs: number
  readonly failed: number
}

/**
 * `count(k, a)`: KEYS from k on as `tallyKeys`, ARGV from a on as `tallyArgs`. A slot is `messages bytes runs failed`; those
 * that have passed go when a new one comes, and the hash stays as small as a list. Of hosts the first hundred that fail have a name.
 */
export const countLua = `
local function add(key, slot, kept, messages, bytes, failed)
  local kind, nth = string.sub(slot, 1, 1), tonumber(string.sub(slot, 2))
  local before = redis.call('HGET', key, slot)
  local m, b, r, f = string.match(before or '0 0 0 0', '(%d+) (%d+) (%d+) (%d+)')
  for _, name in ipairs(before and {} or redis.call('HKEYS', key)) do
    if string.sub(name, 1, 1) == kind and tonumber(string.sub(name, 2)) <= nth - kept then redis.call('HDEL', key, name) end
  end
  redis.call('HSET', key, slot, string.format('%.0f %.0f %.0f %.0f', m + messages, b + bytes, r + 1, f + failed))
end
local function count(k, a)
  local hour, day, messages, bytes, failed, kind, host = unpack(ARGV, a, a + 6)
  for nth, key in ipairs({ KEYS[k], KEYS[k + 1] }) do
    if nth == 1 or key ~= KEYS[k] then
      add(key, hour, ${hoursKept}, messages, bytes, failed)
      add(key, day, ${daysKept}, messages, bytes, failed)
      redis.call('EXPIRE', key, ${(daysKept + 1) * (dayMs / 1000)})
    end
  end
  for nth = a + 7, #ARGV, 2 do redis.call('HINCRBYFLOAT', KEYS[k + 2], ARGV[nth], ARGV[nth + 1]) end
  if host == '' then return end
  if redis.call('SISMEMBER', KEYS[k + 3], host) == 0 then
    if redis.call('SCARD', KEYS[k + 3]) < ${redisLimits.hostsNamed} then redis.call('SADD', KEYS[k + 3], host) else host = 'other' end
  end
  redis.call('HINCRBY', KEYS[k + 2], 'tributary_failures_total|' .. kind .. '|' .. host, 1)
end`

/** @param account undefined: it was removed. */
export function tallyKeys(account: Account | undefined): string[] {
  const own = account === undefined ? keys.tally : keys.tallyOf(account.destinationId)
  return [keys.tally, own, keys.measures, keys.measuredHosts]
}

export function tallyArgs(run: Run, account: Account | undefined, measured: Measured | undefined): (string | number)[] {
  const { stored, bytes, failure, finishedAt } = run
  const endedMs = finishedAt === null ? Date.now() : Date.parse(finishedAt)
  const slots = [`h${Math.floor(endedMs / hourMs)}`, `d${Math.floor(endedMs / dayMs)}`]
  const host = account === undefined ? undefined : blamed(run, account.host)
  const counts = [stored, bytes, failure === null ? 0 : 1, failure?.kind ?? '', host ?? '']
  return [...slots, ...counts, ...addedBy(run, measured).flat()]
}

/** Oldest first, the present one last; all, or of one destination. */
export async function talliesOf(
  redis: Redis,
  destinationId: string | undefined,
  nowMs: number,
): Promise<{ hours: Tally[]; days: Tally[] }> {
  const slots = await redis.hgetall(destinationId === undefined ? keys.tally : keys.tallyOf(destinationId))
  const last = (kind: 'h' | 'd', kept: number, lengthMs: number) =>
    Array.from({ length: kept }, (_, nth): Tally => {
      const at = Math.floor(nowMs / lengthMs) - kept + 1 + nth
      const [messages = 0, bytes = 0, runs = 0, failed = 0] = (slots[`${kind}${at}`] ?? '').split(' ').map(Number)
      return { at: new Date(at * lengthMs).toISOString(), messages, bytes, runs, failed }
    })
  return { hours: last('h', hoursKept, hourMs), days: last('d', daysKept, dayMs) }
}

/** Open runs, rebuilds too. */
export async function openRunCounts(redis: Redis): Promise<{ running: number; waiting: number }> {
  const [open, running] = await Promise.all([redis.hlen(keys.openRuns), redis.scard(keys.running)])
  return { running, waiting: Math.max(0, open - running) }
}
