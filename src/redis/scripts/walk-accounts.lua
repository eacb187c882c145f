-- Reads a piece of a sorted set of accounts, and gives the wanted ones in it.
--
-- KEYS, tag {tributary}:
--   walked  sorted set, all of score 0, or packed order; each member ends with an account id
--   words   hash: account id -> what a search looks in, where that is not address, host and user in small letters
--   accounts  hash: account id -> AccountRecord (account-record.ts)
--   due     sorted set: account id by when it is due
--   places  sorted set: those that are visited now
--   then a sorted set of account ids for each status that is written, in the order of `notedStatuses` (runs/status.ts): the second is `waiting`
--   then the sorted sets that an account's id must be in
-- ARGV:
--   from, to   as ZRANGE BYLEX takes them
--   count      how many are looked at
--   direction  'REV' or ''
--   packed     'packed' if it is a packed order; '' if not
--   part       of the words, in lower case; '' for any
--   status     'idle' or 'waiting', to which belong those that are idle and late without a place; '' for any
--   lateBeforeMs  what is due since before then is late
--   host       of the server, in lower case; '' for any
-- Returns {the members that are wanted, how many were looked at, the last of these or ''}.
-- @include account-record
-- @include packed-order
local walked, words, accounts, due, places = unpack(KEYS, 1, 5)
local noted, waiting, firstSet = { unpack(KEYS, 6, 10) }, KEYS[7], 11
local from, to, count, direction, packed, part, status = unpack(ARGV, 1, 7)
local lateBeforeMs, host = tonumber(ARGV[8]), ARGV[9]

local function isLate(id)
  local dueMs = redis.call('ZSCORE', due, id)
  return dueMs and tonumber(dueMs) < lateBeforeMs and not redis.call('ZSCORE', places, id)
end

local function isIdle(id)
  for _, set in ipairs(noted) do
    if redis.call('ZSCORE', set, id) then return false end
  end
  return true
end

local function hasStatus(id)
  if status == 'idle' then return isIdle(id) and not isLate(id) end
  if status ~= 'waiting' or redis.call('ZSCORE', waiting, id) then return true end
  return isLate(id) and isIdle(id)
end

local function read()
  if packed ~= '' then return rangeOf(walked, from, to, tonumber(count), direction) end
  local range = { 'ZRANGE', walked, from, to, 'BYLEX', 'LIMIT', 0, count }
  if direction ~= '' then table.insert(range, direction) end
  return redis.call(unpack(range))
end

local found = read()
local members, ids = {}, {}
for _, member in ipairs(found) do
  local id, within = string.sub(member, -26), true
  for nth = firstSet, #KEYS do within = within and redis.call('ZSCORE', KEYS[nth], id) end
  if within and hasStatus(id) then
    table.insert(members, member)
    table.insert(ids, id)
  end
end
if (part ~= '' or host ~= '') and #ids > 0 then
  local function textOf(account)
    return string.lower(table.concat({ account.address, account.host, account.user }, '\n'))
  end
  local chosen = {}
  local written, records = redis.call('HMGET', words, unpack(ids)), redis.call('HMGET', accounts, unpack(ids))
  for nth, json in ipairs(records) do
    local account = json and accountIn(json)
    local isThere = account and (host == '' or string.lower(account.host or '') == host)
    if isThere and string.find(written[nth] or textOf(account), part, 1, true) then table.insert(chosen, members[nth]) end
  end
  members = chosen
end
return { members, #found, found[#found] or '' }
