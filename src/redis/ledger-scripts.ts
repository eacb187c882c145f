/** What is written to an account's ledger, in Lua: whole or not at all, under the lease alone, and harmless when it is sent again. */

export const superseded = 'SUPERSEDED'

/**
 * What every script begins with. KEYS[1] lease, KEYS[2] the ledger's notes; ARGV[1] fence, ARGV[2] the wall clock in ms,
 * ARGV[3] and [4] the run and its counts, so that whoever goes on with it knows what it had done.
 */
const guarded = (body: string) => `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('${superseded} the lease is lost') end
redis.call('HSET', KEYS[2], 'lastSeenMs', ARGV[2], 'run', ARGV[3], 'counts', ARGV[4])
${body}
return 1`

/** KEYS intents; ARGV id, intent. */
export const intendScript = guarded(`redis.call('HSET', KEYS[3], ARGV[5], ARGV[6])`)

/**
 * KEYS ledger, intents, quarantine, spool; ARGV offset, records, id of the intent that they fulfil or ''. Sent again it finds them in
 * their place. Then what goes with it, three arguments each (`Change`).
 */
export const appendScript = guarded(`
local length = redis.call('STRLEN', KEYS[3])
local offset = tonumber(ARGV[5])
if length ~= offset and redis.call('GETRANGE', KEYS[3], offset, offset + #ARGV[6] - 1) ~= ARGV[6] then
  return redis.error_reply('ledger is ' .. length .. ' octets, expected ' .. offset)
end
if #ARGV[6] > 0 then redis.call('SETRANGE', KEYS[3], offset, ARGV[6]) end
if ARGV[7] ~= '' then redis.call('HDEL', KEYS[4], ARGV[7]) end
for i = 8, #ARGV, 3 do
  local what, name, value = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if what == 'record' then redis.call('SETRANGE', KEYS[3], name, value)
  elseif what == 'entry' then redis.call('HSET', KEYS[5], name, value)
  elseif what == 'no entry' then redis.call('HDEL', KEYS[5], name) redis.call('HDEL', KEYS[2], value)
  elseif what == 'wish done' then if redis.call('HGET', KEYS[2], name) == value then redis.call('HDEL', KEYS[2], name) end
  elseif what == 'wish' then redis.call('HSETNX', KEYS[2], name, value)
  elseif what == 'let go' then redis.call('HDEL', KEYS[6], name)
  end
end`)

/** `no entry` takes its wish with it; a wish is done only if it is that one still, and made only where there is no other. */
export type Change =
  | readonly ['record', offset: number, record: Buffer]
  | readonly ['entry', id: string, entry: string]
  | readonly ['no entry', id: string, wishField: string]
  | readonly ['wish done' | 'wish', wishField: string, wish: string]
  | readonly ['let go', spoolId: string, '']

/** KEYS ledger; ARGV offset, record, offset, record ... */
export const amendScript = guarded(`for i = 5, #ARGV, 2 do redis.call('SETRANGE', KEYS[3], ARGV[i], ARGV[i + 1]) end`)

/** KEYS ledger, quarantine; ARGV the whole new value, then id and wish of each entry that goes. */
export const rewriteScript = guarded(`
redis.call('SET', KEYS[3], ARGV[5])
for i = 6, #ARGV, 2 do redis.call('HDEL', KEYS[4], ARGV[i]) redis.call('HDEL', KEYS[2], ARGV[i + 1]) end`)

export const beginScript = guarded(`redis.call('HSET', KEYS[2], 'begun', '1', 'importing', '1')`)

/** ARGV field, value. */
export const setOutScript = guarded(`redis.call('HSET', KEYS[2], ARGV[5], ARGV[6])`)

/** ARGV suspects, and the fields of runs that set out. */
export const returnedScript = guarded(`
redis.call('HSET', KEYS[2], 'suspects', ARGV[5])
for i = 6, #ARGV do redis.call('HDEL', KEYS[2], ARGV[i]) end`)

/** KEYS spool; ARGV id, message, id, message ... */
export const spoolScript = guarded(`redis.call('HSET', KEYS[3], unpack(ARGV, 5))`)

/** KEYS spool; ARGV ids. */
export const letGoScript = guarded(`redis.call('HDEL', KEYS[3], unpack(ARGV, 5))`)

/** ARGV keeper, mark or ''. */
export const wholeScript = guarded(`
redis.call('HSET', KEYS[2], 'wholeUnder', ARGV[5])
if ARGV[6] ~= '' then redis.call('HSET', KEYS[2], 'mark', ARGV[6]) end`)
