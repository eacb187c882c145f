-- Reads a piece of a sorted set of accounts, and gives the wanted ones in it.
--
-- KEYS, tag {tributary}:
--   walked  sorted set, all of score 0; each member ends with an account id
--   words   hash: account id -> what a search looks in
--   waiting, idle  sorted sets of account ids: those that have this status by what is written
--   due     sorted set: account id by when it is due
--   places  sorted set: those that are visited now
--   then the sorted sets that an account's id must be in
-- ARGV:
--   from, to   as ZRANGE BYLEX takes them
--   count      how many are looked at
--   direction  'REV' or ''
--   part       of the words, in lower case; '' for any
--   status     'idle' or 'waiting', to which belong those that are idle and late without a place; '' for any
--   lateBeforeMs  what is due since before then is late
-- Returns {the members that are wanted, how many were looked at, the last of these or ''}.
local walked, words, waiting, idle, due, places = unpack(KEYS, 1, 6)
local firstSet = 7
local from, to, count, direction, part, status = unpack(ARGV, 1, 6)
local lateBeforeMs = tonumber(ARGV[7])

local function isLate(id)
  local dueMs = redis.call('ZSCORE', due, id)
  return dueMs and tonumber(dueMs) < lateBeforeMs and not redis.call('ZSCORE', places, id)
end

local function hasStatus(id)
  if status == 'idle' then return not isLate(id) end
  if status ~= 'waiting' or redis.call('ZSCORE', waiting, id) then return true end
  return redis.call('ZSCORE', idle, id) and isLate(id)
end

local range = { 'ZRANGE', walked, from, to, 'BYLEX', 'LIMIT', 0, count }
if direction ~= '' then table.insert(range, direction) end
local found = redis.call(unpack(range))
local members, ids = {}, {}
for _, member in ipairs(found) do
  local id, within = string.sub(member, -26), true
  for nth = firstSet, #KEYS do within = within and redis.call('ZSCORE', KEYS[nth], id) end
  if within and hasStatus(id) then
    table.insert(members, member)
    table.insert(ids, id)
  end
end
if part ~= '' and #ids > 0 then
  local chosen = {}
  for nth, text in ipairs(redis.call('HMGET', words, unpack(ids))) do
    if text and string.find(text, part, 1, true) then table.insert(chosen, members[nth]) end
  end
  members = chosen
end
return { members, #found, found[#found] or '' }
