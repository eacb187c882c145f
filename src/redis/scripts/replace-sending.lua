-- Writes what has become of a message in the outbox, if nobody has changed it since it was read.
--
-- KEYS, tag {tributary}:
--   entries         hash: id -> OutboxEntry as JSON
--   fromState, toState          sorted sets, all of score 0: ids of its destination's entries of that state
--   due, dueOfAccount, held     see includes/sending-due.lua
--   attempts        sorted set: id, space, token of an attempt by the milliseconds at which its lease ends
--   followUps       sorted set: id by the milliseconds at which its copy or report is due
--   ended           sorted set: id by the milliseconds at which it ended
--   pending         set: ids of entries that have not ended
--   pendingOfAccount, pendingOfDestination     sets: those of them
--   octets          hash: destination id, or '' for all -> the octets of its bodies on the disk
--   outbox          list: news that nobody has carried further yet
--   forPerson, forPersonOfDestination   sets: ids of entries that wait for a person
-- ARGV:
--   id
--   before          SHA-1 of the record that was read, in hex
--   entry           as JSON
--   account, destination        ids
--   nextMs          when it is to be tried; '': not by itself
--   attemptBefore   member of attempts that ends; ''
--   attempt         member of attempts that begins or goes on; ''
--   leaseMs         of attempt; 0: as long as it has
--   mustHold        '1': only if the lease of attemptBefore has not ended
--   followUpMs, endedMs         '' for none
--   isPending       '1' if it has not ended
--   isForPerson     '1' if it waits for a person
--   freed           octets of its body, if that is needed no more, else 0; below 0: it is needed again
--   newsMax         how much news the outbox holds
--   then news, as JSON
-- Returns 'done', 'changed' or 'late'.
-- @include sending-due
local entries, fromState, toState, due, dueOfAccount, held, attempts, followUps, ended = unpack(KEYS, 1, 9)
local pending, pendingOfAccount, pendingOfDestination, octets, outbox = unpack(KEYS, 10, 14)
local forPerson, forPersonOfDestination = unpack(KEYS, 15, 16)
local id, before, entry, account, destination, nextMs, attemptBefore, attempt, leaseMs = unpack(ARGV, 1, 9)
local mustHold, followUpMs, endedMs, isPending, isForPerson, freed, newsMax, firstNews = ARGV[10], ARGV[11], ARGV[12], ARGV[13], ARGV[14], ARGV[15], ARGV[16], 17

local now = redis.call('HGET', entries, id)
-- The answer to the same call was lost.
if now == entry then return 'done' end
if not now or redis.sha1hex(now) ~= before then return 'changed' end
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local leaseUntil = attemptBefore ~= '' and redis.call('ZSCORE', attempts, attemptBefore)
if mustHold == '1' and not (leaseUntil and tonumber(leaseUntil) > nowMs) then return 'late' end

redis.call('HSET', entries, id, entry)
if fromState ~= toState then
  redis.call('ZREM', fromState, id)
  redis.call('ZADD', toState, 0, id)
end
local function put(set, ms, member)
  if ms == '' then redis.call('ZREM', set, member) else redis.call('ZADD', set, ms, member) end
end
put(dueOfAccount, nextMs, id)
placeSender(due, dueOfAccount, held, account)
if attemptBefore ~= '' and attemptBefore ~= attempt then redis.call('ZREM', attempts, attemptBefore) end
if attempt ~= '' and leaseMs ~= '0' then redis.call('ZADD', attempts, nowMs + leaseMs, attempt) end
put(followUps, followUpMs, id)
put(ended, endedMs, id)
for _, set in ipairs({ pending, pendingOfAccount, pendingOfDestination }) do
  redis.call(isPending == '1' and 'SADD' or 'SREM', set, id)
end
for _, set in ipairs({ forPerson, forPersonOfDestination }) do
  redis.call(isForPerson == '1' and 'SADD' or 'SREM', set, id)
end
if freed ~= '0' then
  for _, of in ipairs({ destination, '' }) do
    if redis.call('HINCRBY', octets, of, -freed) <= 0 then redis.call('HDEL', octets, of) end
  end
end
for nth = firstNews, #ARGV do redis.call('RPUSH', outbox, ARGV[nth]) end
redis.call('LTRIM', outbox, -newsMax, -1)
return 'done'
