-- Puts a message into the outbox, unless it lies there already, or there is no room.
--
-- KEYS, tag {tributary}:
--   entries         hash: id -> OutboxEntry as JSON
--   answer          the id that was given out for the same request; it expires
--   ofDestination   sorted set, all of score 0: ids of its entries
--   ofState         sorted set, all of score 0: those of them that have this state
--   due, dueOfAccount, held     see includes/sending-due.lua
--   pending         set: ids of entries that have not ended
--   pendingOfAccount, pendingOfDestination     sets: those of them
--   octets          hash: destination id, or '' for all -> the octets of its bodies on the disk
--   digests         hash: account id, space, digest -> id
--   messageIds      hash: account id, space, hash of a Message-ID -> id
--   accounts, destinations      hashes: what there is
--   followUps       sorted set: id by the milliseconds at which its copy or report is due
-- ARGV:
--   id
--   entry           as JSON
--   answerMs        how long the same request is given the same id
--   account, destination        ids
--   nextMs          when it is to be tried
--   size            octets of its body
--   octetsMost, octetsMostInAll
--   most, mostInAll             entries that have not ended
--   digestField, messageField   of digests and messageIds
--   followUpMs      when a delay is to be told; '': nobody asked for that
-- Returns an answer and an entry: 'done', 'repeated' with the one that was made before, 'gone' if there is no such account,
-- 'full' if the destination has no room, 'full in all'.
-- @include sending-due
local entries, answer, ofDestination, ofState, due, dueOfAccount, held = unpack(KEYS, 1, 7)
local pending, pendingOfAccount, pendingOfDestination, octets, digests, messageIds = unpack(KEYS, 8, 13)
local accounts, destinations, followUps = unpack(KEYS, 14, 16)
local id, entry, answerMs, account, destination, nextMs, size = unpack(ARGV, 1, 7)
local octetsMost, octetsMostInAll, most, mostInAll, digestField, messageField, followUpMs = unpack(ARGV, 8, 14)

local before = redis.call('GET', answer)
local made = before and redis.call('HGET', entries, before)
-- The answer to the same call was lost.
if made and before == id then return { 'done', made } end
if made then return { 'repeated', made } end
if redis.call('HEXISTS', accounts, account) == 0 or redis.call('HEXISTS', destinations, destination) == 0 then return { 'gone', '' } end
local function octetsOf(of) return tonumber(redis.call('HGET', octets, of) or 0) end
local function isOver(of, octetsMax, set, max)
  return octetsOf(of) + size > tonumber(octetsMax) or redis.call('SCARD', set) >= tonumber(max)
end
if isOver(destination, octetsMost, pendingOfDestination, most) then return { 'full', '' } end
if isOver('', octetsMostInAll, pending, mostInAll) then return { 'full in all', '' } end

redis.call('SET', answer, id, 'PX', answerMs)
redis.call('HSET', entries, id, entry)
redis.call('ZADD', ofDestination, 0, id)
redis.call('ZADD', ofState, 0, id)
for _, set in ipairs({ pending, pendingOfAccount, pendingOfDestination }) do redis.call('SADD', set, id) end
redis.call('HINCRBY', octets, destination, size)
redis.call('HINCRBY', octets, '', size)
redis.call('HSET', digests, digestField, id)
redis.call('HSET', messageIds, messageField, id)
redis.call('ZADD', dueOfAccount, nextMs, id)
if followUpMs ~= '' then redis.call('ZADD', followUps, followUpMs, id) end
placeSender(due, dueOfAccount, held, account)
return { 'done', entry }
