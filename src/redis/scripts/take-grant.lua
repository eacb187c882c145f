-- Writes what somebody was given by signing in, if that sign-in is wanted still. Whatever else was begun for the same mailbox is over then.
--
-- KEYS, tag {tributary}:
--   grants, begun, devices  hashes: id of an account or destination -> Grant, BegunSignIn, WaitingDevice as JSON
--   round                   the round of its sign-ins (oauth-states.ts)
-- ARGV:
--   id
--   grant  Grant as JSON
--   round  in which it was begun, or '' if that does not matter
-- Returns 1; 0 if its round is over.
local grants, begun, devices, current = unpack(KEYS)
local id, grant, round = unpack(ARGV)

-- The answer to the same write was lost.
if redis.call('HGET', grants, id) == grant then return 1 end
if round ~= '' and redis.call('GET', current) ~= round then return 0 end
redis.call('HSET', grants, id, grant)
redis.call('HDEL', begun, id)
redis.call('HDEL', devices, id)
redis.call('DEL', current)
return 1
