-- Brings an open run to the front of those that wait at its server, because somebody asked for it. A visit that holds a place must be heard of
-- soon from then on: its end may have been lost in a fail-over, and the run would wait until the place expires.
--
-- KEYS, tag {tributary}:
--   due      see includes/schedule.lua, for all others
-- ARGV:
--   field    of open-runs
-- Returns the id of the open run, '' if there is none; and, for a visit that is not under way, until when its server wants no login to the
-- mailbox, 0 for any time.
local due = KEYS[1]
-- @include schedule
local field = ARGV[1]

local notBefore = redis.call('HGET', tag .. 'not-before', field)
if notBefore and string.sub(notBefore, -1) ~= '!' then redis.call('HDEL', tag .. 'not-before', field) end
redis.call('SADD', tag .. 'asked', field)
redis.call('SREM', tag .. 'quiet', field)
-- The visit under way may have listed the maildrop already: another one follows it, unless it logs in again.
local placeUntilMs = redis.call('ZSCORE', tag .. 'places', field)
local nowMs = redisMs()
if placeUntilMs then
  redis.call('SADD', tag .. 'asked-meanwhile', field)
  local untilMs = nowMs + limits.placeClaimedMs
  if tonumber(placeUntilMs) > untilMs then
    redis.call('ZADD', tag .. 'places', untilMs, field)
    redis.call('ZADD', tag .. 'slots:' .. (placeOf(field)), untilMs, field)
  end
end
place(field, nowMs)
local json = redis.call('HGET', tag .. 'accounts', string.match(field, '^%S+'))
local heldUntilMs = 0
if json and not placeUntilMs then
  local _, _, mailbox = whereOf(json)
  heldUntilMs = heldUntilOf(field, mailbox)
end
return { redis.call('HGET', tag .. 'open-runs', field) or '', heldUntilMs > nowMs and heldUntilMs or 0 }
