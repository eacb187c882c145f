-- Removes a token: it is not known from now on.
--
-- KEYS, tag {tributary}:
--   tokens     hash: token id -> TokenRecord as JSON
--   tokenIds   sorted set, all of score 0
--   tokenUses  hash: token id -> when it was used last
--   tokensOf   set: ids of the tokens of its destination's owner
-- ARGV:
--   id
-- Returns 1; 0 if there is no such token.
local tokens, tokenIds, tokenUses, tokensOf = unpack(KEYS)
local id = ARGV[1]

redis.call('ZREM', tokenIds, id)
redis.call('HDEL', tokenUses, id)
redis.call('SREM', tokensOf, id)
return redis.call('HDEL', tokens, id)
