-- Ends a purge: the mail is gone, and the login is free from now on.
--
-- KEYS, tag {tributary}:
--   purges  hash: id -> a hosted destination that is being removed together with its mail, as JSON
--   logins  hash: login of a hosted destination -> destination id
-- ARGV:
--   id
--   login
-- Returns 1.
local purges, logins = KEYS[1], KEYS[2]
local id, login = ARGV[1], ARGV[2]

if redis.call('HDEL', purges, id) == 1 then redis.call('HDEL', logins, login) end
return 1
