-- Counts, of some quarantine entries of one account that nobody has let go of, those that a filter leaves: nothing of an entry is sent.
--
-- KEYS, tag {account}:
--   quarantine  hash: entry id -> entry as JSON
--   order       sorted set, all of score 0: their ids, and `-` and the id of one that was let go of
--   notes       hash: notes beside the ledger
-- ARGV:
--   after       an entry's id, or ''
--   count       how many are looked at: some 500 at most
--   field       what the fields of wishes in the notes begin with
--   mustBeWhole '1': an order that lacks entries is not read
--   kind        that of the reason, or ''
--   words       what the sentence of the reason begins with, or ''
--   otherWords  what it does not begin with, or ''
--   latest      when the last one was first seen, as entries have it, or ''
-- Returns how many were looked at, the id of the last, how many are wanted, and the JSON of each that it cannot read; nothing where the
-- order lacks some (order-aside.lua).
local quarantine, order, notes = unpack(KEYS)
local after, count, field, mustBeWhole, kind, words, otherWords, latest = unpack(ARGV)

local time = '^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ$'
local function isReadable(entry)
  if type(entry) ~= 'table' or type(entry.reason) ~= 'table' then return false end
  local texts = { entry.id, entry.firstSeenAt, entry.reason.kind, entry.reason.message }
  for nth = 1, 4 do if type(texts[nth]) ~= 'string' then return false end end
  return type(entry.record) == 'table' and string.match(entry.firstSeenAt, time) ~= nil
end
local function begins(text, with) return string.sub(text, 1, #with) == with end
local function isWanted(entry)
  local reason = entry.reason
  if latest ~= '' and entry.firstSeenAt > latest then return false end
  if kind ~= '' and reason.kind ~= kind then return false end
  return begins(reason.message, words) and not (otherWords ~= '' and begins(reason.message, otherWords))
end

if mustBeWhole == '1' and redis.call('HLEN', quarantine) ~= redis.call('ZCARD', order) then return false end
local ids = redis.call('ZRANGEBYLEX', order, after == '' and '[.' or '(' .. after, '+', 'LIMIT', 0, count)
if #ids == 0 then return { 0, '', 0 } end
local fields = {}
for nth, id in ipairs(ids) do fields[nth] = field .. id end
local found = redis.call('HMGET', quarantine, unpack(ids))
local wishes = redis.call('HMGET', notes, unpack(fields))
local tally = { #ids, ids[#ids], 0 }
for nth in ipairs(ids) do
  if found[nth] and wishes[nth] ~= 'dismiss' then
    local isJson, entry = pcall(cjson.decode, found[nth])
    if not isJson or not isReadable(entry) then tally[#tally + 1] = found[nth]
    elseif isWanted(entry) then tally[3] = tally[3] + 1
    end
  end
end
return tally
