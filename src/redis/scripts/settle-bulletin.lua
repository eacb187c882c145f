-- Removes the news that a bulletin contained, and sets when the next one is due, if more news waits.
--
-- KEYS, tag {tributary}:
--   visits        sorted set: webhook id, or 'notice', by the milliseconds at which it is to be visited
--   bulletin      hash: `more` counts the news for which the bulletin had no room
--   bulletinNews  list: news that waits for the next bulletin
-- ARGV:
--   said          how many items were said
--   more          how many more were mentioned
--   nextMs
-- Returns 1.
local visits, bulletin, bulletinNews = KEYS[1], KEYS[2], KEYS[3]
local said, more, nextMs = ARGV[1], ARGV[2], ARGV[3]

redis.call('LTRIM', bulletinNews, said, -1)
if more ~= '0' then redis.call('HINCRBY', bulletin, 'more', -more) end
if redis.call('LLEN', bulletinNews) == 0 then redis.call('ZREM', visits, 'notice')
else redis.call('ZADD', visits, nextMs, 'notice') end
return 1
