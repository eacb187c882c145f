-- `learn(server, lesson, nowMs)` learns from a visit how many sessions a server takes, and of which class it is. To be included behind
-- includes/schedule.lua. `server` may be `peer ADDRESS`: several names may lead to one server.
--
-- A lesson is `clean`; `throttled`: the server had too much; `refused`: it refused this account, which says something about the server
-- only if it refuses accounts of several destinations; `own`: it says nothing about the server. `slow` behind it: the visit was silent,
-- unreachable, or long without bringing anything. `away`: it did not answer.
local function usedAt(server, nowMs)
  return string.sub(server, 1, 5) == 'peer ' and countOf(server) or usedOf(server, nowMs)
end

local function throttle(name, server, nowMs)
  local limit, cutAtMs, uncut, gapMs = unpack(redis.call('HMGET', name, 'limit', 'cutAtMs', 'uncut', 'gapMs'))
  -- Sessions that were under way when it began meet the same.
  if cutAtMs and since(cutAtMs, nowMs) < limits.slotCutOnceMs then return end
  -- Slots that nobody had say nothing.
  local before = math.min(slotsOf(server, nowMs), math.max(usedAt(server, nowMs), limits.slotsFirst))
  -- What time had brought back was too much again.
  -- The one that was turned away was one too many.
  local taken = math.max(1, before - 1)
  if uncut and before > tonumber(limit) then uncut = math.min(uncut, taken) end
  redis.call('HSET', name, 'limit', math.max(1, math.floor(before / 2)), 'cutAtMs', nowMs, 'uncut', uncut or taken)
  if before > 1 then return end
  redis.call('HSET', name, 'gapMs', math.min(limits.loginGapMaxMs, math.max(limits.loginGapFirstMs, 2 * (gapMs or 0))))
end

local function noteAnswered(name, nowMs)
  local answeredMs = redis.call('HGET', name, 'answeredMs')
  if since(answeredMs, nowMs) > limits.answeredNotedMs then redis.call('HSET', name, 'answeredMs', nowMs) end
end

-- Servers of which a clean visit teaches nothing new, since this script began: server -> class.
local learnt = {}

local function learn(server, lesson, destination, nowMs)
  local name = tag .. 'server:' .. server
  local what = string.match(lesson, '^%S+')
  local class = string.find(lesson, ' slow', 1, true) and 'slow' or 'good'
  if what == 'clean' and learnt[server] == class then return end
  if what == 'clean' and class == 'good' then noteAnswered(name, nowMs) end
  learnt[server] = nil
  if redis.call('HGET', name, 'class') ~= class then redis.call('HSET', name, 'class', class) end
  if what == 'refused' then
    local refused = tag .. 'refused:' .. server
    redis.call('ZADD', refused, nowMs, destination)
    redis.call('ZREMRANGEBYSCORE', refused, '-inf', nowMs - limits.refusedTogetherMs)
    redis.call('PEXPIRE', refused, limits.refusedTogetherMs)
    if redis.call('ZCARD', refused) >= limits.refusedTogether then
      redis.call('UNLINK', refused)
      what = 'throttled'
    end
  end
  if what == 'throttled' then throttle(name, server, nowMs) end
  if what ~= 'clean' then return end
  local limit, cutAtMs, uncut, gapMs = unpack(redis.call('HMGET', name, 'limit', 'cutAtMs', 'uncut', 'gapMs'))
  if not cutAtMs then
    limit = tonumber(limit or limits.slotsFirst)
    -- Slots that nobody had say nothing: else a server would be met by as many sessions as it had visits, when all are due at once.
    if limit < limits.slotsMax and 2 * usedAt(server, nowMs) >= limit then redis.call('HSET', name, 'limit', limit + limits.slotGain)
    else learnt[server] = class end
  elseif nowMs - cutAtMs > limits.slotsBelievedMs then
    redis.call('HDEL', name, 'cutAtMs', 'uncut', 'gapMs', 'nextMs')
    redis.call('HSET', name, 'limit', uncut)
  elseif gapMs and since(cutAtMs, nowMs) > limits.gapKeptMs then
    redis.call('HDEL', name, 'gapMs', 'nextMs')
  end
end
