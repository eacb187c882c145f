-- Removes an account from the data that accounts share, if nobody has changed it meanwhile, and notes that its own data are to be
-- erased: they lie in another slot.
--
-- KEYS, tag {tributary}:
--   those of includes/restate.lua and includes/account-keys.lua
--   ofDestination   sorted set: ids of the accounts of its destination
--   lastRuns        hash: account id -> the run that ended last
--   lastMail        hash: account id -> the end of the run that stored mail of it last, if that is not the one that ended last
--   told            hash: account id -> what people were told of it
--   removed         sorted set: account id by the milliseconds at which it was removed
--   quarantined     sorted set: ids of the accounts that have messages in quarantine
--   predecessors    hash: account id -> the account that fetched its source before it
--   formerSources   see includes/former-sources.lua
-- ARGV:
--   id
--   record          AccountRecord (account-record.ts), as it was read
--   source          what makes it one of its kind
--   addressMember   its member of byAddress
--   nowMs
--   sourceName      the name of its source in formerSources
-- Returns 'done', 'changed' or 'sending'.
-- @include restate
-- @include account-keys
-- @include schedule
-- @include run-index
-- @include former-sources
local ofDestination, lastRuns, lastMail, told, removed, quarantined, predecessors, formerSources = unpack(KEYS, 17, 24)
local id, record, source, addressMember, nowMs, sourceName = unpack(ARGV)

if redis.call('HGET', accounts, id) ~= record then return 'changed' end
-- What it has to send has not ended.
if redis.call('SCARD', tag .. 'send:pending-of:' .. id) > 0 then return 'sending' end
redis.call('ZADD', removed, nowMs, id)
-- Another account of the same source may have it (account-hosts.ts).
if ownerOf(source) == id then
  takeOut(sources, source .. ' ' .. id)
  -- Of a record that cannot be read nobody knows it.
  if sourceName ~= '' then leaveSource(formerSources, sourceName, id) end
end
takeOut(accountIds, id)
redis.call('ZREM', ofDestination, id)
takeOut(byAddress, addressMember)
redis.call('ZREM', due, id)
withdraw(id, record, redisMs())
redis.call('ZREM', quarantined, id)
redis.call('HDEL', tag .. 'set-aside', id)
redis.call('HDEL', tag .. 'send:held', id)
for _, hash in ipairs({ accounts, accountStates, words, lastRuns, lastMail, told, predecessors }) do redis.call('HDEL', hash, id) end
local row = redis.call('HGET', tag .. 'checks', id)
if row then unindex(tag .. 'run-buckets', string.match(row, '^%S+'), id) end
redis.call('HDEL', tag .. 'checks', id)
for _, field in ipairs({ id, id .. ' rebuild' }) do
  redis.call('SREM', tag .. 'asked', field)
  redis.call('SREM', tag .. 'asked-meanwhile', field)
  redis.call('HDEL', tag .. 'not-before', field)
end
restate(id, record)
return 'done'
