-- Puts news of an account into the outbox, and notes what people were told of the account, at once. If the account was removed
-- meanwhile, nothing is noted.
--
-- KEYS, tag {tributary}:
--   accounts    hash: account id -> AccountRecord (account-record.ts)
--   told        hash: account id -> what people were told of it
--   outbox      list: news that nobody has carried further yet
-- ARGV:
--   account     its id
--   toldNow     as JSON, or '' for nothing
--   keptMax     how much news the outbox holds
--   then the news, as JSON
-- Returns 1.
local accounts, told, outbox = KEYS[1], KEYS[2], KEYS[3]
local account, toldNow, keptMax, firstNews = ARGV[1], ARGV[2], ARGV[3], 4

if toldNow == '' or redis.call('HEXISTS', accounts, account) == 0 then redis.call('HDEL', told, account)
else redis.call('HSET', told, account, toldNow) end
for nth = firstNews, #ARGV do redis.call('RPUSH', outbox, ARGV[nth]) end
redis.call('LTRIM', outbox, -keptMax, -1)
return 1
