/**
 * A part of the step from format 1 to 2: when mail of an account came last is not written where its last run has stored mail, since that run
 * says it.
 */
import type { Hand } from './hand.ts'

const [lastRuns, lastMail] = ['{tributary}:last-runs', '{tributary}:last-mail']

export async function leaveMailToLastRuns({ redis, write }: Hand): Promise<void> {
  let cursor = '0'
  do {
    const [next, flat] = await redis.hscan(lastMail, cursor, 'COUNT', 200)
    cursor = next
    const ids = flat.filter((_, nth) => nth % 2 === 0)
    const last = ids.length === 0 ? [] : await redis.hmget(lastRuns, ...ids)
    const needless = ids.filter((_, nth) => mailEndedMs(last[nth] ?? '') === Date.parse(flat[2 * nth + 1] ?? ''))
    if (needless.length > 0) await write([['HDEL', lastMail, ...needless]])
  } while (cursor !== '0')
}

/** When a packed run ended that has stored mail; undefined for another one, and for what earlier versions wrote in its place. */
function mailEndedMs(last: string): number | undefined {
  const [, head = '', queued = '', waited = '', took = '', counts = ''] = last.split(' ')
  const stored = Number.parseInt(counts.split(',')[1] ?? '0', 36)
  if (!/^[dfi][pr][sr]\+?$/.test(head) || !(stored > 0)) return undefined
  return [queued, waited, took].reduce((sum, text) => sum + Number.parseInt(text, 36), 0)
}
