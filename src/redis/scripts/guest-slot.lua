-- Gives a session beside the visits a slot of its server, or takes it back: a test of an account, a message that somebody wants to see.
--
-- KEYS, tag {tributary}:
--   due      see includes/schedule.lua, for all others
-- ARGV:
--   server   host:port
--   guest    a name of its own, without spaces
--   holdMs   how long it has the slot; 0: it leaves
--   user     whose mailbox it goes to
--   beside   '1': beside another session of ours there; otherwise the mailbox is to be its own
-- Returns 1; 0 if there is no slot: people have one more than the schedule; -1 if another session is in the mailbox. If its server wants no login
-- there yet: until when.
local due = KEYS[1]
-- @include schedule
local server, guest, holdMs, user, beside = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]

local nowMs = redisMs()
local slots = tag .. 'slots:' .. server
redis.call('ZREM', slots, guest)
-- Guests are in no other set: what was not given back goes with the next one.
redis.call('ZREMRANGEBYSCORE', slots, '-inf', nowMs)
local mailbox = server .. ' ' .. user
local heldUntilMs = holdMs > 0 and heldUntilOf(guest, mailbox) or 0
if heldUntilMs > nowMs then return heldUntilMs end
if holdMs > 0 and usedOf(server, nowMs) > slotsOf(server, nowMs) then return 0 end
if holdMs == 0 then leaveMailbox(mailbox, guest, nowMs)
elseif beside ~= '1' and not enterMailbox(server, mailbox, guest, nowMs) then return -1 end
if holdMs > 0 then redis.call('ZADD', slots, nowMs + holdMs, guest) end
rescore(server, nowMs)
return 1
