-- `index(buckets, run, account)` names a run in the index of all runs, and `unindex` takes it out. The index is divided by the time of the
-- ids: a bucket that is small takes a third of the memory. The bucket's key shares the tag of `buckets`.
--
--   buckets           sorted set, all of score 0: names of buckets, the beginnings of their ids
--   run-index:BUCKET  sorted set, all of score 0: run id, space, account id
local function bucketOf(buckets, run)
  local name = string.sub(run, 1, limits.runBucketChars)
  return name, (string.gsub(buckets, 'run%-buckets$', 'run-index:')) .. name
end

local function index(buckets, run, account)
  local name, bucket = bucketOf(buckets, run)
  if redis.call('ZADD', bucket, 0, run .. ' ' .. account) == 1 then redis.call('ZADD', buckets, 0, name) end
end

local function unindex(buckets, run, account)
  local name, bucket = bucketOf(buckets, run)
  redis.call('ZREM', bucket, run .. ' ' .. account)
  if redis.call('EXISTS', bucket) == 0 then redis.call('ZREM', buckets, name) end
end
