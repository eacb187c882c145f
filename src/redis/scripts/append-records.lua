-- Writes records behind the ledger's end, ends the intent that they fulfil, and makes the changes that go with them.
-- If it is sent again after a lost answer, it finds the records in their place and does no harm.
--
-- KEYS, tag {account}:
--   lease, notes  see includes/guard.lua
--   ledger        string: packed records
--   intents       hash: intent id -> intent as JSON
--   quarantine    hash: entry id -> entry as JSON
--   spool         hash: spool id -> message
--   order         sorted set, all of score 0: the ids of the entries, and `-` and the id of one that was let go of
-- ARGV:
--   holder, nowMs, run, counts  see includes/guard.lua
--   offset        the ledger's length in octets, as the run knows it
--   records       packed; may be empty
--   intentId      the intent that they fulfil, or ''
--   then the changes, three arguments each: what, name, value (`LedgerChange` in ledger-writes.ts)
-- Returns 1. Ends with an error if the ledger has another length.
-- @include guard
-- @include aside-order
local ledger, intents, quarantine, spool, order = unpack(KEYS, 3, 7)
local offset, records, intentId, firstChange = tonumber(ARGV[5]), ARGV[6], ARGV[7], 8

local length = redis.call('STRLEN', ledger)
if length ~= offset and redis.call('GETRANGE', ledger, offset, offset + #records - 1) ~= records then
  return redis.error_reply('ledger is ' .. length .. ' octets, expected ' .. offset)
end
if #records > 0 then
  redis.call('SETRANGE', ledger, offset, records)
  -- Redis doubles the room of a string that grows. A copy has none to spare.
  if offset + #records <= limits.ledgerTightMax then
    redis.call('COPY', ledger, ledger .. ':tight', 'REPLACE')
    redis.call('RENAME', ledger .. ':tight', ledger)
  end
end
if intentId ~= '' then redis.call('HDEL', intents, intentId) end
for nth = firstChange, #ARGV, 3 do
  local what, name, value = ARGV[nth], ARGV[nth + 1], ARGV[nth + 2]
  if what == 'record' then redis.call('SETRANGE', ledger, name, value)
  elseif what == 'entry' then
    redis.call('HSET', quarantine, name, value)
    placeAside(order, name, redis.call('HGET', notes, 'wish ' .. name) == 'dismiss')
  elseif what == 'no entry' then
    redis.call('HDEL', quarantine, name)
    unplaceAside(order, name)
    redis.call('HDEL', notes, value)
  elseif what == 'wish done' then
    if redis.call('HGET', notes, name) == value then redis.call('HDEL', notes, name) end
  elseif what == 'wish' then redis.call('HSETNX', notes, name, value)
  elseif what == 'let go' then redis.call('HDEL', spool, name)
  end
end
return 1
