-- `extendRow(checks, buckets, account, run, startedMs, finishedMs, listed)` adds a visit that found nothing to do to the row of them since the
-- account's last run, or begins one. To be included behind includes/run-index.lua.
--
--   checks   hash: account id -> id of the row, how many visits, when the first began, when the last ended, how many messages were listed
--   buckets  see includes/run-index.lua
-- `run` becomes the id of a row that begins. Returns the id of the row.
local function extendRow(checks, buckets, account, run, startedMs, finishedMs, listed)
  local before = redis.call('HGET', checks, account)
  local row, times, firstMs = string.match(before or '', '^(%S+) (%d+) (%d+)')
  local after = { row or run, string.format('%.0f', (times or 0) + 1), firstMs or startedMs, finishedMs, listed }
  if not row then index(buckets, run, account) end
  redis.call('HSET', checks, account, table.concat(after, ' '))
  return row or run
end
