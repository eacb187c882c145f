-- Makes a destination, unless another one has its login.
--
-- KEYS, tag {tributary}:
--   destinations    hash: destination id -> DestinationRecord as JSON
--   destinationIds  sorted set, all of score 0
--   logins          hash: login of a hosted destination -> destination id
-- ARGV:
--   id
--   record          as JSON
--   login           '' if it is not hosted
-- Returns 'done' or 'conflict'.
local destinations, destinationIds, logins = KEYS[1], KEYS[2], KEYS[3]
local id, record, login = ARGV[1], ARGV[2], ARGV[3]

if login ~= '' and redis.call('HSETNX', logins, login, id) == 0 then return 'conflict' end
redis.call('HSET', destinations, id, record)
redis.call('ZADD', destinationIds, 0, id)
return 'done'
