-- Replaces an account's record, if nobody has changed it meanwhile.
--
-- KEYS, tag {tributary}:
--   those of includes/restate.lua and includes/account-keys.lua
--   ofDestinationBefore, ofDestination   sorted sets: ids of the accounts of its destination, before and after
--   predecessors                         hash: account id -> the account that fetched its source before it
--   formerBefore, former                 formerSources of includes/former-sources.lua, before and after
-- ARGV:
--   id
--   recordBefore, record                 AccountRecord (account-record.ts)
--   sourceBefore, source                 what makes it one of its kind
--   destination                          id, after
--   due                                  'now', with its failures forgotten; 'never', or 'as before'
--   addressMemberBefore, addressMember   its member of byAddress
--   searchWords                          see words
--   rival                                what an account of the same source means: 'refuse'; 'beside': it keeps the source; 'before':
--                                        this account takes the source over
--   nameBefore, name                     the name of its source in formerSources
-- Returns 'done', 'changed', 'conflict' or 'no destination'.
-- @include restate
-- @include account-keys
-- @include schedule
-- @include former-sources
local ofDestinationBefore, ofDestination, predecessors, formerBefore, former = unpack(KEYS, 17, 21)
local id, recordBefore, record, sourceBefore, source = unpack(ARGV, 1, 5)
local destination, isDue, addressMemberBefore, addressMember, searchWords, rival = unpack(ARGV, 6, 11)
local nameBefore, name = unpack(ARGV, 12, 13)

-- Before anything is written.
cjson.decode(record)
if redis.call('HGET', accounts, id) ~= recordBefore then return 'changed' end
if redis.call('HEXISTS', destinations, destination) == 0 then return 'no destination' end
local owner = ownerOf(source)
if owner and owner ~= id and rival == 'refuse' then return 'conflict' end
if sourceBefore ~= source and ownerOf(sourceBefore) == id then
  takeOut(sources, sourceBefore .. ' ' .. id)
  if nameBefore ~= name or formerBefore ~= former then leaveSource(formerBefore, nameBefore, id) end
end
if owner ~= id and (not owner or rival == 'before') then
  giveSource(source, id)
  takeSource(former, predecessors, name, id)
end
redis.call('ZREM', ofDestinationBefore, id)
redis.call('ZADD', ofDestination, 0, id)
takeOut(byAddress, addressMemberBefore)
putIn(byAddress, addressMember)
if searchWords == '' then redis.call('HDEL', words, id) else redis.call('HSET', words, id, searchWords) end
redis.call('HSET', accounts, id, record)
local nowMs = redisMs()
if isDue == 'never' then redis.call('ZREM', due, id)
elseif isDue == 'now' then
  redis.call('ZADD', due, nowMs, id)
  redis.call('HDEL', accountStates, id)
end
withdraw(id, recordBefore, nowMs)
place(id, nowMs)
place(id .. ' rebuild', nowMs)
restate(id, recordBefore)
return 'done'
