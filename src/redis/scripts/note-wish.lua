-- Notes somebody's wish for quarantine entries of one account: the next run carries it out, under its lease. No plan
-- that was known before holds then.
--
-- KEYS, tag {account}:
--   quarantine  hash: entry id -> entry as JSON
--   notes       hash: notes beside the ledger
--   order       sorted set, all of score 0: the ids of the entries, and `-` and the id of one that was let go of
-- ARGV:
--   field       what their fields in the notes begin with
--   wish        'retry ULID' or 'dismiss'
--   entries     their ids: `redisLimits.recordsPerCall` at most
-- Returns how many there are: those that are gone, or dismissed already, are left out.
-- @include aside-order
local quarantine, notes, order = unpack(KEYS)
local field, wish = ARGV[1], ARGV[2]

local noted = 0
for nth = 3, #ARGV do
  local entry = ARGV[nth]
  if redis.call('HEXISTS', quarantine, entry) == 1 and redis.call('HGET', notes, field .. entry) ~= 'dismiss' then
    redis.call('HSET', notes, field .. entry, wish)
    placeAside(order, entry, wish == 'dismiss')
    noted = noted + 1
  end
end
if noted > 0 then redis.call('HINCRBY', notes, 'revision', 1) end
return noted
