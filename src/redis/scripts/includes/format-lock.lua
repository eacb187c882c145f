-- Begins every script that changes data under the lock of their format: refuses the write of a process that has lost the lock.
--
-- The first of the KEYS of such a script, tag {tributary}:
--   lock   the token of the process that holds it; expires with it
-- The first of the ARGV:
--   token  of the process that writes
-- Ends the script with the error UNLOCKED if the lock is lost.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('UNLOCKED the lock of the data is lost') end
