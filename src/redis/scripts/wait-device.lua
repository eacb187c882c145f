-- Notes a device code that waits, if there is room in the share of whoever has begun it. Another one of the same account gives way to it.
--
-- KEYS, tag {tributary}:
--   devices  hash: records by account or destination
-- ARGV:
--   id       of the account or destination
--   record
--   owner    the destination whose owner has begun it; '': an admin of the instance
--   nowMs
--   eachMax  codes that wait at once of this owner, or of the admins
--   allMax   of all owners; of the admins
-- Returns 'done' or 'full'.
local devices = KEYS[1]
local id, record, owner, nowMs = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local eachMax, allMax = tonumber(ARGV[5]), tonumber(ARGV[6])

local own, all = 0, 0
local flat = redis.call('HGETALL', devices)
for nth = 1, #flat, 2 do
  local other = cjson.decode(flat[nth + 1])
  local whose = other.owner or ''
  if flat[nth] ~= id and other.untilMs > nowMs and (whose == '') == (owner == '') then
    all = all + 1
    if whose == owner then own = own + 1 end
  end
end
if own >= eachMax or all >= allMax then return 'full' end
redis.call('HSET', devices, id, record)
return 'done'
