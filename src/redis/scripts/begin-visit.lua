-- Begins a visit: prolongs its place, or gives it one if that had expired, and reads what the visit needs of the account.
--
-- KEYS, tag {tributary}:
--   due      see includes/schedule.lua, for all others
-- ARGV:
--   field    account id, or `ID rebuild`
--   holdMs   how long the place lasts
--   then names of hashes of which the account's entry is wanted
-- Returns Redis' time in milliseconds, whether somebody asked for it (1 or 0), the open run's id, then those entries.
local due = KEYS[1]
-- @include schedule
local field, holdMs = ARGV[1], tonumber(ARGV[2])

local nowMs = redisMs()
local id = string.match(field, '^%S+')
local json = redis.call('HGET', tag .. 'accounts', id)
if json then
  local untilMs = tonumber(redis.call('ZSCORE', tag .. 'places', field) or 0)
  if untilMs - nowMs > holdMs / 2 then
    -- It was claimed a moment ago: nothing is written.
  elseif untilMs > 0 then
    local server = string.match(redis.call('HGET', tag .. 'placed', field), '^%S+')
    redis.call('ZADD', tag .. 'places', nowMs + holdMs, field)
    redis.call('ZADD', tag .. 'slots:' .. server, nowMs + holdMs, field)
  else
    local server, destination = whereOf(json)
    withdrawFrom(server, destination, field, nowMs)
    seat(field, server, destination, nowMs + holdMs)
  end
end
local answer = { string.format('%.0f', nowMs), redis.call('SISMEMBER', tag .. 'asked', field), redis.call('HGET', tag .. 'open-runs', field) }
for nth = 3, #ARGV do table.insert(answer, redis.call('HGET', tag .. ARGV[nth], id)) end
return answer
