-- Reads some quarantine entries of one account that nobody has let go of, in the order in which their messages were first seen. What an earlier
-- version has removed or let go of beside the order is put right.
--
-- KEYS, tag {account}:
--   quarantine  hash: entry id -> entry as JSON
--   order       sorted set, all of score 0: their ids, and `-` and the id of one that was let go of
--   notes       hash: notes beside the ledger
-- ARGV:
--   after       an entry's id, or ''
--   count       how many: some 500 at most
--   field       what the fields of wishes in the notes begin with
--   mustBeWhole '1': an order that lacks entries is not read
-- Returns the id and the JSON of each, '' for one that is not there any more; nothing where the order lacks some (order-aside.lua).
-- @include aside-order
local quarantine, order, notes = unpack(KEYS)
local after, count, field, mustBeWhole = unpack(ARGV)

if mustBeWhole == '1' and redis.call('HLEN', quarantine) ~= redis.call('ZCARD', order) then return false end
local ids = redis.call('ZRANGEBYLEX', order, after == '' and '[.' or '(' .. after, '+', 'LIMIT', 0, count)
if #ids == 0 then return {} end
local fields = {}
for nth, id in ipairs(ids) do fields[nth] = field .. id end
local found = redis.call('HMGET', quarantine, unpack(ids))
local wishes = redis.call('HMGET', notes, unpack(fields))
local read = {}
for nth, id in ipairs(ids) do
  local isDismissed = wishes[nth] == 'dismiss'
  if not found[nth] then unplaceAside(order, id) elseif isDismissed then placeAside(order, id, true) end
  read[#read + 1] = id
  read[#read + 1] = found[nth] and not isDismissed and found[nth] or ''
end
return read
