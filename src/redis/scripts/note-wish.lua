-- Notes somebody's wish for a quarantine entry: the next run carries it out, under its lease. No plan
-- that was known before holds then.
--
-- KEYS, tag {account}:
--   quarantine  hash: entry id -> entry as JSON
--   notes       hash: notes beside the ledger
-- ARGV:
--   entry       its id
--   field       of the notes: 'wish ENTRY'
--   wish        'retry ULID' or 'dismiss'
-- Returns 1; 0 if there is no such entry, or it is dismissed already.
local quarantine, notes = KEYS[1], KEYS[2]
local entry, field, wish = ARGV[1], ARGV[2], ARGV[3]

if redis.call('HEXISTS', quarantine, entry) == 0 or redis.call('HGET', notes, field) == 'dismiss' then return 0 end
redis.call('HSET', notes, field, wish)
redis.call('HINCRBY', notes, 'revision', 1)
return 1
