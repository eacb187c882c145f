-- Gives a run the lease of its account, with a new fencing number, unless another run holds it or the data
-- have another format than this program knows. With it goes the plan that the last run found nothing to do by, if nobody has
-- written since, nothing else waits for a run, and the ledger is known to be whole under this very Redis.
-- If it is sent again after a lost answer, it finds its own lease, by the random bits in it, and gives it again.
--
-- KEYS, tag {account}, and {tributary} for the third, unless in a Cluster:
--   lease    `FENCE-RANDOM` of the run that holds it, or `revoked FENCE-RANDOM`; an earlier version had no random bits. It expires
--   fence    the last fencing number that was given out
--   format   hash: how the data are written; a Cluster's is empty (`formatKeyOf` in lease.ts)
--   notes    hash: notes beside the ledger
--   intents  hash: intent id -> intent as JSON
--   spool    hash: spool id -> message
-- ARGV:
--   leaseMs  how long the lease lasts
--   nowMs    the wall clock
--   random   64 bits, which no other run has
-- Returns {fence, 0, plan, untilMs}, or {0, the milliseconds that the other run's lease has left}; {0, leaseMs} if the format is another.
-- plan is packed (noted-plan.ts), or '' for none.
-- @include left-work
local lease, fence, format, notes, intents, spool = unpack(KEYS)
local leaseMs, nowMs, random = ARGV[1], tonumber(ARGV[2]), ARGV[3]

-- This Redis as keeperOf in keeper.ts names it.
local function keeper()
  local info = redis.call('INFO', 'server', 'replication')
  -- A pattern would take twice the time of all the rest.
  local function id(name)
    local _, last = string.find(info, name, 1, true)
    return string.sub(info, last + 1, last + limits.keeperIdChars)
  end
  return id('\nrun_id:') .. '.' .. id('\nmaster_replid:')
end

-- An earlier version noted both ids whole.
local function shortened(name)
  if #name ~= 81 then return name end
  return string.sub(name, 1, limits.keeperIdChars) .. '.' .. string.sub(name, 42, 41 + limits.keeperIdChars)
end

local function known()
  local noted, revision, run, whole, lastSeenMs =
    unpack(redis.call('HMGET', notes, 'plan', 'revision', 'run', 'wholeUnder', 'lastSeenMs'))
  local ofRevision, ofRun, untilMs, plan = string.match(noted or '', '^(%d+) (%S+) (%d+) (.*)$')
  -- A worker of an earlier version raises no revision, but it notes its run.
  if not plan or ofRevision ~= (revision or '0') or ofRun ~= string.sub(run or '', -8) then return '', 0 end
  if not whole or shortened(whole) ~= keeper() then return '', 0 end
  if not leftWork(notes, intents, spool, 0) then return '', 0 end
  local seenMs = tonumber(lastSeenMs or '0')
  -- Visits that write nothing else keep the time by which a clock that is set back is noticed.
  if nowMs - seenMs >= limits.lastSeenEveryMs and nowMs < tonumber(untilMs) then
    redis.call('HSET', notes, 'lastSeenMs', ARGV[2])
  end
  return plan, tonumber(untilMs)
end

if tonumber(redis.call('HGET', format, 'number') or limits.dataFormat) ~= limits.dataFormat then return { 0, tonumber(leaseMs) } end
local leftMs = redis.call('PTTL', lease)
local own = leftMs > 0 and string.match(redis.call('GET', lease), '^(%d+)%-' .. random .. '$')
if leftMs > 0 and not own then return { 0, leftMs } end
local number = own and tonumber(own) or redis.call('INCR', fence)
redis.call('SET', lease, number .. '-' .. random, 'PX', leaseMs)
local plan, untilMs = known()
return { number, 0, plan, untilMs }
