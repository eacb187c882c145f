-- Ends visits: what was learnt of each server, when each account is due next, and its place. A visit that found nothing to do is counted
-- here, and nothing else is kept of it: one row for all such visits since the account's last run (docs/decisions/0055).
--
-- KEYS, tag {tributary}:
--   due         see includes/schedule.lua, for all others
--   measures    hash: name and labels of what is measured -> how much
-- ARGV:
--   hour, day   slots of the tally
--   count       how many visits; then for each of them
--     field     account id, or `ID rebuild`
--     lesson    see includes/learn.lua; '' for none
--     peer      address and port of the server, or ''
--     afterMs   how long from now it is due next; '' if that is written
--     interval  of the account's record, as JSON: that by which that was reckoned; '' if it stands in any case
--     leastMs   how long its server wants the next login to wait
--     runId     if it is the first idle one of a row, the id of the row; '' if the visit was not idle
--     startedMs, finishedMs, and how many messages were listed
--   then, for each measure of the idle ones, its name and how much is added
-- Returns 1.
local due, measures = KEYS[1], KEYS[2]
-- @include schedule
-- @include run-index
-- @include idle-row
-- @include learn
-- @include tally
local hour, day, count = ARGV[1], ARGV[2], tonumber(ARGV[3])
local each = 10
local nowMs = redisMs()
local idle = {}
gather()

local function countCheck(id, destination, runId, startedMs, finishedMs, listed)
  extendRow(tag .. 'checks', tag .. 'run-buckets', id, runId, startedMs, finishedMs, listed)
  idle[destination] = (idle[destination] or 0) + 1
  idle[''] = (idle[''] or 0) + 1
end

-- The account's interval may have been changed while it was visited: what was reckoned by the one before is brought within it.
local function within(json, afterMs, interval, leastMs)
  if interval == '' or string.find(json, '"interval":' .. interval, 1, true) then return afterMs end
  if interval == unsaidInterval and not string.find(json, '"interval":', 1, true) then return afterMs end
  local now = accountIn(json).interval or cjson.decode(unsaidInterval)
  local shortestMs = math.max(now.minSeconds * 1000, leastMs)
  return math.max(shortestMs, math.min(afterMs, now.maxSeconds * 1000))
end

-- Accounts of a server that did not answer are backed off, each by itself. When it answers one of them, the others come soon, not all at once.
local function noteAway(server, id, lesson)
  local away = tag .. 'away:' .. server
  if string.find(lesson, ' away', 1, true) then
    redis.call('SADD', away, id)
    redis.call('PEXPIRE', away, limits.awayKeptMs)
    return
  end
  redis.call('SREM', away, id)
  if string.sub(lesson, 1, 5) ~= 'clean' then return end
  for _, other in ipairs(redis.call('SPOP', away, limits.wokenPerVisit)) do
    local soonMs = nowMs + math.random(0, limits.resumeSpreadMs)
    if tonumber(redis.call('ZSCORE', due, other) or 0) > soonMs then
      redis.call('ZADD', due, soonMs, other)
      place(other, nowMs)
    end
  end
end

-- Before any of their places is given back: how many sessions a server had at once is a part of the lesson.
for nth = 0, count - 1 do
  local field, lesson, peer = unpack(ARGV, 4 + each * nth, 6 + each * nth)
  local server, destination = placeOf(field)
  if server and lesson ~= '' then
    learn(server, lesson, destination, nowMs)
    noteAway(server, string.match(field, '^%S+'), lesson)
    if peer ~= '' then
      if redis.call('HGET', tag .. 'server:' .. server, 'peer') ~= peer then redis.call('HSET', tag .. 'server:' .. server, 'peer', peer) end
      learn('peer ' .. peer, lesson, destination, nowMs)
    end
  end
end
for nth = 0, count - 1 do
  local field, _, _, afterMs, interval, leastMs, runId, startedMs, finishedMs, listed = unpack(ARGV, 4 + each * nth, 3 + each * (nth + 1))
  local _, destination = placeOf(field)
  local id = string.match(field, '^%S+')
  local json = redis.call('HGET', tag .. 'accounts', id)
  if afterMs ~= '' and json and redis.call('ZSCORE', due, id) then
    redis.call('ZADD', due, nowMs + within(json, tonumber(afterMs), interval, tonumber(leastMs)), id)
  end
  if runId ~= '' and json then countCheck(id, destination or '?', runId, startedMs, finishedMs, listed) end
  if redis.call('HEXISTS', tag .. 'open-runs', field) == 0 then redis.call('SREM', tag .. 'asked', field) end
  unseat(field, nowMs)
  place(field, nowMs)
end
settle(nowMs)
for destination, times in pairs(idle) do
  tally(destination == '' and tag .. 'tally' or tag .. 'tally:' .. destination, hour, day, 0, 0, times, 0)
end
for nth = 4 + each * count, #ARGV, 2 do redis.call('HINCRBYFLOAT', measures, ARGV[nth], ARGV[nth + 1]) end
return 1
