-- `restate(id)` computes an account's status from its present data, moves it to the set of that status, and
-- tells of the change if there is one. It returns the account's destination, or '' if nothing is known of it any more.
-- accountStatusOf in src/runs/status.ts is the same rule for readers.
--
-- The first KEYS of such a script, tag {tributary} (`statusKeys` in statuses.ts):
--   accounts       hash: account id -> AccountRecord as JSON
--   accountStates  hash: account id -> AccountState as JSON
--   openRuns       hash: account id, and task if that is no pull -> its open run's id
--   running        set: of the fields of openRuns, those whose run is at work
--   statuses       hash: account id -> its destination and its status, as they were last told
--   events         stream of events
--   then a sorted set of account ids for each status, in the order of `accountStatuses`
-- @include tell
local accounts, accountStates, openRuns, running, statuses, events = unpack(KEYS, 1, 6)
local accountsAt = {
  { 'idle', KEYS[7] },
  { 'running', KEYS[8] },
  { 'waiting', KEYS[9] },
  { 'failing', KEYS[10] },
  { 'needs attention', KEYS[11] },
  { 'paused', KEYS[12] },
}

local function statusOf(id, account)
  local rebuild = id .. ' rebuild'
  if redis.call('SISMEMBER', running, id) + redis.call('SISMEMBER', running, rebuild) > 0 then return 'running' end
  if redis.call('HEXISTS', openRuns, id) + redis.call('HEXISTS', openRuns, rebuild) > 0 then return 'waiting' end
  if account.paused then return 'paused' end
  local json = redis.call('HGET', accountStates, id)
  local state = json and cjson.decode(json) or { attention = false, lastFailure = cjson.null }
  if state.attention then return 'needs attention' end
  return state.lastFailure == cjson.null and 'idle' or 'failing'
end

local function restate(id)
  local json = redis.call('HGET', accounts, id)
  local before = redis.call('HGET', statuses, id)
  local destination, status, now = before and string.match(before, '^%S+') or '', 'removed', false
  if json then
    local account = cjson.decode(json).account
    destination = account.destinationId
    status = statusOf(id, account)
    now = destination .. ' ' .. status
  end
  for _, at in ipairs(accountsAt) do
    if at[1] == status then redis.call('ZADD', at[2], 0, id) else redis.call('ZREM', at[2], id) end
  end
  if now == before then return destination end
  if now then redis.call('HSET', statuses, id, now) else redis.call('HDEL', statuses, id) end
  tell(events, 'account', destination, cjson.encode({ id = id, status = status }))
  return destination
end
