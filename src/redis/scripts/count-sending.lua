-- Files a message of the outbox among those that wait for a person, or takes it out of them, if nobody has changed it since it was read.
--
-- KEYS, tag {tributary}:
--   entries         hash: id -> OutboxEntry as JSON
--   forPerson, forPersonOfDestination   sets: ids of entries that wait for a person
-- ARGV:
--   id
--   before          SHA-1 of the record that was read, in hex
--   isForPerson     '1' if it waits
-- Returns 'done' or 'changed'.
local entries, forPerson, forPersonOfDestination = unpack(KEYS)
local id, before, isForPerson = unpack(ARGV)

local now = redis.call('HGET', entries, id)
if not now or redis.sha1hex(now) ~= before then return 'changed' end
for _, set in ipairs({ forPerson, forPersonOfDestination }) do
  redis.call(isForPerson == '1' and 'SADD' or 'SREM', set, id)
end
return 'done'
