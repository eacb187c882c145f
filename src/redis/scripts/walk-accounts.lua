-- Reads a piece of a sorted set of accounts, and gives the wanted ones in it.
--
-- KEYS, tag {tributary}:
--   walked  sorted set, all of score 0; each member ends with an account id
--   words   hash: account id -> what a search looks in
--   then the sorted sets that an account's id must be in
-- ARGV:
--   from, to   as ZRANGE BYLEX takes them
--   count      how many are looked at
--   direction  'REV' or ''
--   part       of the words, in lower case; '' for any
-- Returns {the members that are wanted, how many were looked at, the last of these or ''}.
local walked, words, firstSet = KEYS[1], KEYS[2], 3
local from, to, count, direction, part = unpack(ARGV)

local range = { 'ZRANGE', walked, from, to, 'BYLEX', 'LIMIT', 0, count }
if direction ~= '' then table.insert(range, direction) end
local found = redis.call(unpack(range))
local members, ids = {}, {}
for _, member in ipairs(found) do
  local id, within = string.sub(member, -26), true
  for nth = firstSet, #KEYS do within = within and redis.call('ZSCORE', KEYS[nth], id) end
  if within then
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
