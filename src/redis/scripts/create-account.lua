-- Makes an account, unless another one fetches the same mail to the same place.
--
-- KEYS, tag {tributary}:
--   those of includes/restate.lua and includes/account-keys.lua
--   ofDestination   sorted set: ids of the accounts of its destination
--   predecessors    hash: account id -> the account that fetched its source before it
--   formerSources   see includes/former-sources.lua
-- ARGV:
--   id
--   record          AccountRecord (account-record.ts)
--   source          what makes it one of its kind
--   destination     id
--   due             'now' or 'never'
--   addressMember   its member of byAddress
--   searchWords     see words
--   trial           'try': nothing is written
--   sourceName      the name of its source in formerSources
--   most            accounts that its destination may have; '': any number
-- Returns 'done', 'conflict', 'no destination' or 'too many'.
-- @include restate
-- @include account-keys
-- @include schedule
-- @include former-sources
local ofDestination, predecessors, formerSources = unpack(KEYS, 17, 19)
local id, record, source, destination, isDue, addressMember, searchWords, trial = unpack(ARGV, 1, 8)
local sourceName, most = unpack(ARGV, 9, 10)

-- Before anything is written.
cjson.decode(record)
if redis.call('HEXISTS', destinations, destination) == 0 then return 'no destination' end
if ownerOf(source) then return 'conflict' end
if most ~= '' and redis.call('ZCARD', ofDestination) >= tonumber(most) then return 'too many' end
if trial == 'try' then return 'done' end
giveSource(source, id)
takeSource(formerSources, predecessors, sourceName, id)
redis.call('HSET', accounts, id, record)
putIn(accountIds, id)
redis.call('ZADD', ofDestination, 0, id)
putIn(byAddress, addressMember)
if searchWords ~= '' then redis.call('HSET', words, id, searchWords) end
local nowMs = redisMs()
if isDue == 'now' then redis.call('ZADD', due, nowMs, id) end
place(id, nowMs)
restate(id, '')
return 'done'
