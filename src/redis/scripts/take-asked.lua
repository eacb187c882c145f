-- Takes one of the places that the owner of a destination has for runs that were asked for, unless all are taken.
--
-- KEYS, tag {tributary}:
--   openRuns  hash: account id, and task if that is no pull -> its open run's id
--   askedBy   hash: field of openRuns -> the id of the run that was asked for; '@' and milliseconds, until there is one
-- ARGV:
--   field     of openRuns
--   most
--   keptMs    for so long the places are kept
--   graceMs   for so long a place without a run
-- Returns 'taken', 'held' if the run has a place already, or 'full'.
local openRuns, askedBy = KEYS[1], KEYS[2]
local field, most, keptMs, graceMs = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])

local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local others = 0
local held = redis.call('HGETALL', askedBy)
for nth = 1, #held, 2 do
  local one, run = held[nth], held[nth + 1]
  local takenMs = tonumber(string.match(run, '^@(%d+)$') or '')
  -- A clock that was set back keeps no place for longer.
  local isAsked = takenMs and takenMs <= nowMs and nowMs - takenMs < graceMs
  if not isAsked and redis.call('HGET', openRuns, one) ~= run then redis.call('HDEL', askedBy, one)
  elseif one ~= field then others = others + 1
  else return 'held' end
end
if others >= most then return 'full' end
redis.call('HSET', askedBy, field, '@' .. string.format('%.0f', nowMs))
redis.call('PEXPIRE', askedBy, keptMs)
return 'taken'
