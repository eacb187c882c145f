-- Gives a run the lease of its account, with a new fencing number, unless another run holds it or the data
-- have another format than this program knows. With it goes the plan that the last run found nothing to do by, if nobody has
-- written since, nothing else waits for a run, and the ledger is known to be whole under this very Redis.
-- If it is sent again after a lost answer, it finds its own lease, and the caller waits for that to end: this is slow, but never wrong.
--
-- KEYS, tag {account}, and {tributary} for the third, unless in a Cluster:
--   lease    the fence of the run that holds it, or `revoked FENCE`; expires with it
--   fence    the last fencing number that was given out
--   format   hash: how the data are written; a Cluster's is empty (`formatKeyOf` in lease.ts)
--   notes    hash: notes beside the ledger
--   intents  hash: intent id -> intent as JSON
--   spool    hash: spool id -> message
-- ARGV:
--   leaseMs  how long the lease lasts
--   nowMs    the wall clock
-- Returns {fence, 0, plan, untilMs}, or {0, the milliseconds that the other run's lease has left}; {0, leaseMs} if the format is another.
-- plan is KnownPlan as JSON, or '' for none.
-- @include left-work
local lease, fence, format, notes, intents, spool = unpack(KEYS)
local leaseMs, nowMs = ARGV[1], tonumber(ARGV[2])

-- This Redis as keeperOf in keeper.ts names it.
local function keeper()
  local info = redis.call('INFO', 'server', 'replication')
  return string.match(info, '\nrun_id:(%w*)') .. '.' .. string.match(info, '\nmaster_replid:(%w*)')
end

local function known()
  local noted, revision, run, whole, lastSeenMs =
    unpack(redis.call('HMGET', notes, 'known', 'revision', 'run', 'wholeUnder', 'lastSeenMs'))
  local ofRevision, ofRun, untilMs, plan = string.match(noted or '', '^(%d+) (%S+) (%d+) (.*)$')
  -- A worker of an earlier version raises no revision, but it notes its run.
  if not plan or ofRevision ~= (revision or '0') or ofRun ~= run or whole ~= keeper() then return '', 0 end
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
if leftMs > 0 then return { 0, leftMs } end
local number = redis.call('INCR', fence)
redis.call('SET', lease, number, 'PX', leaseMs)
local plan, untilMs = known()
return { number, 0, plan, untilMs }
