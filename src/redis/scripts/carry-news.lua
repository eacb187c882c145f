-- Takes the oldest news out of the outbox and hands it to its receivers, all at once.
--
-- KEYS, tag {tributary}:
--   outbox        list: news that nobody has carried further yet
--   visits        sorted set: webhook id, or 'notice', by the milliseconds at which it is to be visited
--   bulletin      hash: `more` counts the news for which the bulletin has no room
--   bulletinNews  list: news that waits for the next bulletin
--   then, for each webhook, its deliveries (hash) and when they are due (sorted set)
-- ARGV:
--   news          the oldest one, as it was read
--   id, delivery  of this news, for the webhooks
--   nowMs
--   waitingMax    how many deliveries may wait for a webhook
--   bulletinMs    when a bulletin is due, or '' if none is to hear of it
--   bulletinMax   how much news a bulletin holds
--   then the webhooks' ids
-- Returns the ids of those webhooks for which too many deliveries wait; false if somebody else was quicker.
local outbox, visits, bulletin, bulletinNews, firstDeliveries = KEYS[1], KEYS[2], KEYS[3], KEYS[4], 5
local news, id, delivery, nowMs, waitingMax, bulletinMs, bulletinMax = unpack(ARGV, 1, 7)
local firstWebhook = 8

if redis.call('LINDEX', outbox, 0) ~= news then return false end
redis.call('LPOP', outbox)
if bulletinMs ~= '' then
  if redis.call('LLEN', bulletinNews) < tonumber(bulletinMax) then redis.call('RPUSH', bulletinNews, news)
  else redis.call('HINCRBY', bulletin, 'more', 1) end
  redis.call('ZADD', visits, 'NX', bulletinMs, 'notice')
end
local full = {}
for nth = firstWebhook, #ARGV do
  local webhook, at = ARGV[nth], firstDeliveries + (nth - firstWebhook) * 2
  local deliveries, due = KEYS[at], KEYS[at + 1]
  if redis.call('ZCARD', due) >= tonumber(waitingMax) then table.insert(full, webhook)
  elseif redis.call('HSETNX', deliveries, id, delivery) == 1 then
    redis.call('ZADD', due, nowMs, id)
    redis.call('ZADD', visits, 'LT', nowMs, webhook)
  end
end
return full
