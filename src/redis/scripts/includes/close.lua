-- `close(field)` takes a run out of the open ones. To be included behind includes/restate.lua, whose keys it uses.
local function close(field)
  redis.call('HDEL', openRuns, field)
  redis.call('SREM', running, field)
  redis.call('SREM', quiet, field)
end
