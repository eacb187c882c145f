-- Places a quarantine entry in the order of its account (key-names.ts, asideOrder): one that was let go of is kept apart there.
local function placeAside(order, id, isDismissed)
  redis.call('ZREM', order, isDismissed and id or '-' .. id)
  redis.call('ZADD', order, 0, isDismissed and '-' .. id or id)
end
local function unplaceAside(order, id) redis.call('ZREM', order, id, '-' .. id) end
