-- Begins visits that were claimed: prolongs their places, gives one to those whose place had expired, and reads what each visit needs of its
-- account. A visit whose place is gone does not begin unless it is due: it was ended, and its job is there once more because a worker died.
-- Nor does one in whose mailbox another session of ours is, or whose server wants no login there yet.
--
-- KEYS, tag {tributary}:
--   due      see includes/schedule.lua, for all others
-- ARGV:
--   holdMs   how long a place lasts
--   names    of how many hashes the account's entry is wanted, then their names
--   then fields: account id, or `ID rebuild`
-- Returns Redis' time in milliseconds; then, for each field, whether somebody asked for it (1 or 0), the open run's id, the address and port
-- of its server ('-': not known yet), and those entries; 0 for one that does not begin; for one that may not log in, until when, and the open
-- run's id.
local due = KEYS[1]
-- @include schedule
local holdMs, names = tonumber(ARGV[1]), tonumber(ARGV[2])
local nowMs = redisMs()

local function begins(field)
  if redis.call('ZSCORE', tag .. 'places', field) then return true end
  local score = scoreOf(field, 0, nowMs)
  return score and score <= nowMs
end

-- A rebuild asks the store alone.
local function isAlone(field, server, mailbox)
  if string.find(field, ' ', 1, true) then return true end
  if enterMailbox(server, mailbox, field, nowMs, true) then return true end
  -- It is told when the mailbox is free. Should that be lost with a process, it asks by itself.
  redis.call('HSET', tag .. 'not-before', field, string.format('%.0f', nowMs + limits.mailboxAskedEveryMs))
  return false
end

local answers = { string.format('%.0f', nowMs) }
for nth = 3 + names, #ARGV do
  local field = ARGV[nth]
  local id = string.match(field, '^%S+')
  local json = redis.call('HGET', tag .. 'accounts', id)
  local answer = 0
  local server, mailbox, _
  if json then server, _, mailbox = whereOf(json) end
  local heldUntilMs = json and heldUntilOf(field, mailbox) or 0
  if heldUntilMs > nowMs then
    answer = { string.format('%.0f', heldUntilMs), redis.call('HGET', tag .. 'open-runs', field) }
  elseif not json or begins(field) then
    if json then holdPlace(field, json, nowMs, holdMs) end
    if not json or isAlone(field, server, mailbox) then
      local _, _, _, peer = placeOf(field)
      answer = { redis.call('SISMEMBER', tag .. 'asked', field), redis.call('HGET', tag .. 'open-runs', field), peer or '-' }
      for of = 3, 2 + names do table.insert(answer, redis.call('HGET', tag .. ARGV[of], id)) end
    end
  end
  table.insert(answers, answer)
end
return answers
