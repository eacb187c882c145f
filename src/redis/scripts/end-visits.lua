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
--     runId     if it is the first idle one of a row, the id of the row; '' if the visit was not idle
--     startedMs, finishedMs, and how many messages were listed
--   then, for each measure of the idle ones, its name and how much is added
-- Returns 1.
local due, measures = KEYS[1], KEYS[2]
-- @include schedule
-- @include run-index
-- @include learn
-- @include tally
local hour, day, count = ARGV[1], ARGV[2], tonumber(ARGV[3])
local nowMs = redisMs()
local idle = {}
gather()

local function countCheck(id, destination, runId, startedMs, finishedMs, listed)
  local row = redis.call('HGET', tag .. 'checks', id)
  local first, times, firstMs = string.match(row or '', '^(%S+) (%d+) (%d+)')
  local after = { first or runId, string.format('%.0f', (times or 0) + 1), firstMs or startedMs, finishedMs, listed }
  if not first then index(tag .. 'run-buckets', runId, id) end
  redis.call('HSET', tag .. 'checks', id, table.concat(after, ' '))
  idle[destination] = (idle[destination] or 0) + 1
  idle[''] = (idle[''] or 0) + 1
end

for nth = 0, count - 1 do
  local field, lesson, peer, afterMs, runId, startedMs, finishedMs, listed = unpack(ARGV, 4 + 8 * nth, 11 + 8 * nth)
  local placed = redis.call('HGET', tag .. 'placed', field)
  local server, destination = string.match(placed or '', '^(%S+) (%S+)')
  local id = string.match(field, '^%S+')
  if server and lesson ~= '' then
    learn(server, lesson, destination, nowMs)
    if peer ~= '' then
      if redis.call('HGET', tag .. 'server:' .. server, 'peer') ~= peer then redis.call('HSET', tag .. 'server:' .. server, 'peer', peer) end
      learn('peer ' .. peer, lesson, destination, nowMs)
    end
  end
  if afterMs ~= '' and redis.call('ZSCORE', due, id) then redis.call('ZADD', due, nowMs + afterMs, id) end
  if runId ~= '' and redis.call('HEXISTS', tag .. 'accounts', id) == 1 then countCheck(id, destination or '?', runId, startedMs, finishedMs, listed) end
  if redis.call('HEXISTS', tag .. 'open-runs', field) == 0 then redis.call('SREM', tag .. 'asked', field) end
  unseat(field, nowMs)
  place(field, nowMs)
end
settle(nowMs)
for destination, times in pairs(idle) do
  tally(destination == '' and tag .. 'tally' or tag .. 'tally:' .. destination, hour, day, 0, 0, times, 0)
end
for nth = 4 + 8 * count, #ARGV, 2 do redis.call('HINCRBYFLOAT', measures, ARGV[nth], ARGV[nth + 1]) end
return 1
