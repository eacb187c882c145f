-- Notes of some accounts whether anything of theirs is in quarantine.
--
-- KEYS, tag {tributary}:
--   quarantined  sorted set: ids of the accounts that have messages in quarantine
--   then, tag {account}, the quarantine of each account: hash: entry id -> entry as JSON
-- ARGV:
--   the ids of the accounts, in that order
-- Returns 1.
-- @include note-quarantined
local quarantined = KEYS[1]

for nth, account in ipairs(ARGV) do noteQuarantined(quarantined, KEYS[nth + 1], account) end
return 1
