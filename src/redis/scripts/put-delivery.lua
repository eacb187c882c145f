-- Writes a delivery of a webhook: one that waits, or one that has ended. The newest ended ones are kept.
--
-- KEYS, tag {tributary}:
--   webhooks     hash: webhook id -> WebhookRecord as JSON
--   deliveries   hash: delivery id -> Delivery as JSON
--   due          sorted set: delivery id by the milliseconds at which it is due
--   ended        sorted set: delivery id by the milliseconds at which it ended
-- ARGV:
--   webhook      id
--   id, delivery
--   dueMs        '' if it has ended
--   nowMs
--   keptMax      how many ended ones are kept
-- Returns 1; 0 if there is no such webhook any more.
local webhooks, deliveries, due, ended = unpack(KEYS)
local webhook, id, delivery, dueMs, nowMs, keptMax = unpack(ARGV)

if redis.call('HEXISTS', webhooks, webhook) == 0 then return 0 end
redis.call('HSET', deliveries, id, delivery)
if dueMs ~= '' then
  redis.call('ZADD', due, dueMs, id)
  redis.call('ZREM', ended, id)
  return 1
end
redis.call('ZREM', due, id)
redis.call('ZADD', ended, nowMs, id)
for _, old in ipairs(redis.call('ZRANGE', ended, 0, -keptMax - 1)) do
  redis.call('ZREM', ended, old)
  redis.call('HDEL', deliveries, old)
end
return 1
