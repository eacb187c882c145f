-- `restate(id, before)` computes an account's status from its present data, moves it to the set of that status, and
-- tells of the change if there is one: of the status, or of the destination. `before` is the account's record before this script, if that
-- is another one now, or gone; '' if there was none. It returns the account's destination, or '' if nothing is known of it any more.
-- accountStatusOf in src/runs/status.ts is the same rule for readers.
--
-- A run that somebody is to hear of only if it finds something (open-run.lua) changes no status.
--
-- The first KEYS of such a script, tag {tributary} (`statusKeys` in statuses.ts):
--   accounts       hash: account id -> AccountRecord (account-record.ts)
--   accountStates  hash: account id -> AccountState as JSON
--   openRuns       hash: account id, and task if that is no pull -> its open run's id
--   running        set: of the fields of openRuns, those whose run is at work
--   events         stream of events
--   then a sorted set of account ids for each status but `idle`, in the order of `notedStatuses`: an idle account is in none
-- @include tell
-- @include account-record
local accounts, accountStates, openRuns, running, events = unpack(KEYS, 1, 5)
local accountsAt = {
  { 'running', KEYS[6] },
  { 'waiting', KEYS[7] },
  { 'failing', KEYS[8] },
  { 'needs attention', KEYS[9] },
  { 'paused', KEYS[10] },
}

local quiet = (string.gsub(openRuns, 'open%-runs$', 'quiet'))

local function statusOf(id, account)
  local rebuild = id .. ' rebuild'
  if redis.call('SISMEMBER', running, id) + redis.call('SISMEMBER', running, rebuild) > 0 then return 'running' end
  if redis.call('HEXISTS', openRuns, rebuild) == 1 then return 'waiting' end
  if redis.call('HEXISTS', openRuns, id) == 1 and redis.call('SISMEMBER', quiet, id) == 0 then return 'waiting' end
  if account.unreadable then return 'needs attention' end
  if account.paused then return 'paused' end
  local json = redis.call('HGET', accountStates, id)
  local state = json and decoded(json) or { attention = false, lastFailure = cjson.null }
  if state.attention then return 'needs attention' end
  return (state.lastFailure or cjson.null) == cjson.null and 'idle' or 'failing'
end

local function restate(id, before)
  local json = redis.call('HGET', accounts, id)
  local isNew, destinationBefore = before == '', nil
  if before and not isNew then destinationBefore = accountIn(before).destinationId end
  local destination, status = destinationBefore or '', 'removed'
  if json then
    local account = accountIn(json)
    destination = account.destinationId
    status = statusOf(id, account)
  end
  local changed = isNew or (before and (not json or destinationBefore ~= destination))
  for _, at in ipairs(accountsAt) do
    local moved = at[1] == status and redis.call('ZADD', at[2], 0, id) or redis.call('ZREM', at[2], id)
    changed = changed or moved == 1
  end
  if changed then tell(events, 'account', destination, cjson.encode({ id = id, status = status })) end
  return destination
end
