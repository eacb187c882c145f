-- Removes a destination with its owner's tokens, if no account gathers there and nobody has changed it meanwhile. Under a purge
-- its login stays taken.
--
-- KEYS, tag {tributary}:
--   destinations    hash: destination id -> DestinationRecord as JSON
--   destinationIds  sorted set, all of score 0
--   logins          hash: login of a hosted destination -> destination id
--   pauses          hash: destination id -> Pause as JSON
--   accountsOf      sorted set: ids of the accounts that gather there
--   tokensOf        set: ids of its owner's tokens
--   tokens          hash: token id -> TokenRecord as JSON
--   tokenIds        sorted set, all of score 0
--   tokenUses       hash: token id -> when it was used last
--   purges          hash: id -> a hosted destination that is being removed together with its mail, as JSON
--   formerSources   hash: sources that accounts fetched to it before (includes/former-sources.lua)
--   grants, begun, devices  hashes: destination id -> what it was given by signing in, a sign-in that was begun, a device code that waits
--   sending         set: ids of what it has to send that has not ended
-- ARGV:
--   id
--   record          as it was read
--   login           '' if it is not hosted
--   purge           the record of its purge, or '' for none
-- Returns 'done', 'changed', 'in use' or 'sending'.
local destinations, destinationIds, logins, pauses, accountsOf = unpack(KEYS, 1, 5)
local tokensOf, tokens, tokenIds, tokenUses, purges, formerSources = unpack(KEYS, 6, 11)
local grants, begun, devices, sending = unpack(KEYS, 12, 15)
local id, record, login, purge = unpack(ARGV)

if redis.call('HGET', destinations, id) ~= record then return 'changed' end
if redis.call('ZCARD', accountsOf) > 0 then return 'in use' end
if redis.call('SCARD', sending) > 0 then return 'sending' end
redis.call('HDEL', destinations, id)
redis.call('ZREM', destinationIds, id)
redis.call('HDEL', pauses, id)
for _, ofSignIn in ipairs({ grants, begun, devices }) do redis.call('HDEL', ofSignIn, id) end
if purge ~= '' then redis.call('HSET', purges, id, purge)
elseif login ~= '' then redis.call('HDEL', logins, login) end
for _, token in ipairs(redis.call('SMEMBERS', tokensOf)) do
  redis.call('HDEL', tokens, token)
  redis.call('ZREM', tokenIds, token)
  redis.call('HDEL', tokenUses, token)
end
redis.call('DEL', tokensOf, formerSources)
return 'done'
