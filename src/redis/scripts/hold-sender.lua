-- Sets the time before which an account's SMTP server is not asked.
--
-- KEYS, tag {tributary}:
--   due, dueOfAccount, held     see includes/sending-due.lua
-- ARGV:
--   account         its id
--   untilMs         '' for no such time
-- Returns 1.
-- @include sending-due
local due, dueOfAccount, held = unpack(KEYS)
local account, untilMs = ARGV[1], ARGV[2]

if untilMs == '' then redis.call('HDEL', held, account) else redis.call('HSET', held, account, untilMs) end
placeSender(due, dueOfAccount, held, account)
return 1
