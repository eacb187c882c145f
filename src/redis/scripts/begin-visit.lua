-- Begins a visit: prolongs its place, or gives it one if that had expired, and reads what the visit needs of the account.
--
-- KEYS, tag {tributary}:
--   due      see includes/schedule.lua, for all others
-- ARGV:
--   field    account id, or `ID rebuild`
--   holdMs   how long the place lasts
--   then names of hashes of which the account's entry is wanted
-- Returns Redis' time in milliseconds, whether somebody asked for it (1 or 0), the open run's id, the address and port of
-- its server ('-': not known yet), then those entries.
local due = KEYS[1]
-- @include schedule
local field, holdMs = ARGV[1], tonumber(ARGV[2])

local nowMs = redisMs()
local id = string.match(field, '^%S+')
local json = redis.call('HGET', tag .. 'accounts', id)
if json then holdPlace(field, json, nowMs, holdMs) end
local _, _, _, peer = placeOf(field)
local answer = {
  string.format('%.0f', nowMs),
  redis.call('SISMEMBER', tag .. 'asked', field),
  redis.call('HGET', tag .. 'open-runs', field),
  peer or '-'
}
for nth = 3, #ARGV do table.insert(answer, redis.call('HGET', tag .. ARGV[nth], id)) end
return answer
