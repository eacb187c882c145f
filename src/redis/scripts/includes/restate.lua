-- `restate(id, before)` computes an account's status from its present data, moves it to the set of that status, and
-- tells of the change if there is one: of the status, or of the destination. `before` is the account's record before this script, if that
-- is another one now, or gone; '' if there was none. It returns the account's destination, or '' if nothing is known of it any more.
-- accountStatusOf in src/runs/status.ts is the same rule for readers. It also files the account by why it fails, and by whether only somebody
-- can mend that: whyNoMail there is the same rule.
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

local function beside(name) return (string.gsub(openRuns, 'open%-runs$', name)) end
local quiet, reasons, needsPerson = beside('quiet'), beside('reasons'), beside('needs-person')

-- What its last runs have left of it.
local function stateOf(id)
  local json = redis.call('HGET', accountStates, id)
  return json and decoded(json) or { attention = false, lastFailure = cjson.null }
end

local function statusOf(id, account)
  local rebuild = id .. ' rebuild'
  if redis.call('SISMEMBER', running, id) + redis.call('SISMEMBER', running, rebuild) > 0 then return 'running' end
  if redis.call('HEXISTS', openRuns, rebuild) == 1 then return 'waiting' end
  if redis.call('HEXISTS', openRuns, id) == 1 and redis.call('SISMEMBER', quiet, id) == 0 then return 'waiting' end
  if account.unreadable then return 'needs attention' end
  if account.paused then return 'paused' end
  local state = stateOf(id)
  if state.attention then return 'needs attention' end
  return (state.lastFailure or cjson.null) == cjson.null and 'idle' or 'failing'
end

-- Why it fails (troubleReasonOf in src/failure/trouble-reason.ts).
local function reasonOf(failure)
  local kind, cause, message = failure.kind, failure.cause, failure.message
  if type(kind) ~= 'string' then return '' end
  if kind ~= 'unreachable' then return kind end
  if type(cause) == 'string' then return cause == 'no such name' and 'no such host' or kind end
  local says = type(message) == 'string' and string.find(message, 'there is no host of that name', 1, true)
  return says and 'no such host' or kind
end

-- Returns that reason, or '', and whether only somebody can mend it.
local function troubleOf(id, account)
  if not account then return '', false end
  if account.paused then return '', account.unreadable == true end
  local state = stateOf(id)
  local failure = state.lastFailure
  return type(failure) == 'table' and reasonOf(failure) or '', state.attention == true or state.needsPerson == true
end

local function file(id, account)
  local reason, isPersons = troubleOf(id, account)
  local before = redis.call('HGET', reasons, id) or ''
  if reason ~= before then
    if before ~= '' then redis.call('ZREM', beside('failing-by:' .. before), id) end
    if reason == '' then redis.call('HDEL', reasons, id)
    else
      redis.call('HSET', reasons, id, reason)
      redis.call('ZADD', beside('failing-by:' .. reason), 0, id)
    end
  end
  if isPersons then redis.call('ZADD', needsPerson, 0, id) else redis.call('ZREM', needsPerson, id) end
end

local function restate(id, before)
  local json = redis.call('HGET', accounts, id)
  local isNew, destinationBefore = before == '', nil
  if before and not isNew then destinationBefore = accountIn(before).destinationId end
  local destination, status, account = destinationBefore or '', 'removed', nil
  if json then
    account = accountIn(json)
    destination = account.destinationId
    status = statusOf(id, account)
  end
  local changed = isNew or (before and (not json or destinationBefore ~= destination))
  for _, at in ipairs(accountsAt) do
    local moved = at[1] == status and redis.call('ZADD', at[2], 0, id) or redis.call('ZREM', at[2], id)
    changed = changed or moved == 1
  end
  file(id, account)
  if changed then tell(events, 'account', destination, cjson.encode({ id = id, status = status })) end
  return destination
end
