-- When the account of a message in the outbox is due. KEYS of the script that includes this, tag {tributary}:
--   due             sorted set: account id by the milliseconds at which it has something to send
--   dueOfAccount    sorted set: ids of its messages by the milliseconds at which each is to be tried
--   held            hash: account id -> the milliseconds before which its server is not asked
local function placeSender(due, dueOfAccount, held, account)
  local first = redis.call('ZRANGE', dueOfAccount, 0, 0, 'WITHSCORES')
  if not first[2] then return redis.call('ZREM', due, account) end
  local notBefore = tonumber(redis.call('HGET', held, account) or 0)
  redis.call('ZADD', due, math.max(tonumber(first[2]), notBefore), account)
end
