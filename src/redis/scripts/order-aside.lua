-- Puts some of an account's quarantine entries into their order, as an earlier version has left them, or a restore.
-- The scripts that change entries keep the order meanwhile, so that whoever goes through all of them has it whole.
--
-- KEYS, tag {account}:
--   quarantine  hash: entry id -> entry as JSON
--   notes       hash: notes beside the ledger
--   order       sorted set, all of score 0: their ids, and `-` and the id of one that was let go of
-- ARGV:
--   cursor      of HSCAN
--   count       some 500 at most
--   field       what the fields of wishes in the notes begin with
-- Returns the next cursor, '0' at the end.
-- @include aside-order
local quarantine, notes, order = unpack(KEYS)
local cursor, count, field = unpack(ARGV)

local scanned = redis.call('HSCAN', quarantine, cursor, 'COUNT', count)
for nth = 1, #scanned[2], 2 do
  local id = scanned[2][nth]
  placeAside(order, id, redis.call('HGET', notes, field .. id) == 'dismiss')
end
return scanned[1]
