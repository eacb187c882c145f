-- Writes when a token was used, unless it was revoked meanwhile.
--
-- KEYS, tag {tributary}:
--   tokens     hash: token id -> TokenRecord as JSON
--   tokenUses  hash: token id -> when it was used last
-- ARGV:
--   id
--   nowMs
-- Returns 1.
local tokens, tokenUses = KEYS[1], KEYS[2]
local id, nowMs = ARGV[1], ARGV[2]

if redis.call('HEXISTS', tokens, id) == 1 then redis.call('HSET', tokenUses, id, nowMs) end
return 1
