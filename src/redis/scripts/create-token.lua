-- Makes a token, if the destination whose owner is to hold it is there.
--
-- KEYS, tag {tributary}:
--   tokens        hash: token id -> TokenRecord as JSON
--   tokenIds      sorted set, all of score 0
--   destinations  hash: destination id -> DestinationRecord as JSON
--   tokensOf      set: ids of the tokens of that destination's owner
-- ARGV:
--   id
--   record        as JSON
--   destination   id, or '' for a token of the whole instance
-- Returns 'done' or 'no destination'.
local tokens, tokenIds, destinations, tokensOf = unpack(KEYS)
local id, record, destination = ARGV[1], ARGV[2], ARGV[3]

if destination ~= '' then
  if redis.call('HEXISTS', destinations, destination) == 0 then return 'no destination' end
  redis.call('SADD', tokensOf, id)
end
redis.call('HSET', tokens, id, record)
redis.call('ZADD', tokenIds, 0, id)
return 'done'
