-- Writes the state that an account's last runs have left, if there is such an account.
--
-- KEYS, tag {tributary}:
--   those of includes/restate.lua
-- ARGV:
--   id
--   state  AccountState as JSON
-- Returns 1; 0 if there is no such account.
-- @include restate
local id, state = ARGV[1], ARGV[2]

if redis.call('HEXISTS', accounts, id) == 0 then return 0 end
-- Before anything is written.
cjson.decode(state)
redis.call('HSET', accountStates, id, state)
restate(id)
return 1
