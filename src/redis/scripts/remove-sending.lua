-- Forgets a message of the outbox, if nobody has changed it since it was read.
--
-- KEYS, tag {tributary}:
--   entries         hash: id -> OutboxEntry as JSON
--   ofDestination   sorted set, all of score 0: ids of its entries
--   ofState         sorted set, all of score 0: those of them that have its state
--   due, dueOfAccount, held     see includes/sending-due.lua
--   attempts        sorted set: id, space, token of an attempt by the milliseconds at which its lease ends
--   followUps       sorted set: id by the milliseconds at which its copy or report is due
--   ended           sorted set: id by the milliseconds at which it ended
--   pending         set: ids of entries that have not ended
--   pendingOfAccount, pendingOfDestination     sets: those of them
--   octets          hash: destination id, or '' for all -> the octets of its bodies on the disk
--   digests         hash: account id, space, digest -> id
--   messageIds      hash: account id, space, hash of a Message-ID -> id
--   forPerson, forPersonOfDestination   sets: ids of entries that wait for a person
-- ARGV:
--   id
--   before          SHA-1 of the record that was read, in hex
--   account, destination        ids
--   attempt         member of attempts; ''
--   size            octets of its body, if that is on the disk, else 0
--   digestField, messageField   of digests and messageIds
-- Returns 'done' or 'changed'.
-- @include sending-due
local entries, ofDestination, ofState, due, dueOfAccount, held, attempts, followUps, ended = unpack(KEYS, 1, 9)
local pending, pendingOfAccount, pendingOfDestination, octets, digests, messageIds = unpack(KEYS, 10, 15)
local forPerson, forPersonOfDestination = unpack(KEYS, 16, 17)
local id, before, account, destination, attempt, size, digestField, messageField = unpack(ARGV)

local now = redis.call('HGET', entries, id)
-- The answer to the same call was lost.
if not now then return 'done' end
if redis.sha1hex(now) ~= before then return 'changed' end
redis.call('HDEL', entries, id)
for _, set in ipairs({ ofDestination, ofState, dueOfAccount, followUps, ended }) do redis.call('ZREM', set, id) end
if attempt ~= '' then redis.call('ZREM', attempts, attempt) end
placeSender(due, dueOfAccount, held, account)
for _, set in ipairs({ pending, pendingOfAccount, pendingOfDestination, forPerson, forPersonOfDestination }) do redis.call('SREM', set, id) end
if size ~= '0' then
  for _, of in ipairs({ destination, '' }) do
    if redis.call('HINCRBY', octets, of, -size) <= 0 then redis.call('HDEL', octets, of) end
  end
end
-- A later message may have the same ones.
if redis.call('HGET', digests, digestField) == id then redis.call('HDEL', digests, digestField) end
if redis.call('HGET', messageIds, messageField) == id then redis.call('HDEL', messageIds, messageField) end
return 'done'
