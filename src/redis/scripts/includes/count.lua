-- `count(tally, ofDestination, first)` adds a run to the slots of its hour and its day, in total and for its destination.
-- `measure(measures, measuredHosts, first)` adds its measures, for ever. Only the first hundred hosts that fail are counted by
-- their name.
--
-- KEYS, tag {tributary} (`tallyKeys` in tallies.ts):
--   tally          hash: slot of an hour or a day -> 'messages bytes runs failed'
--   ofDestination  the same of one destination; `tally` itself if the account was removed
--   measures       hash: name and labels of what is measured -> how much
--   measuredHosts  set: hosts that are counted by their name
-- ARGV from `first` on (`tallyArgs` in tallies.ts):
--   hour, day      slots: h or d, and the number of hours or days since 1970
--   messages, bytes, failed
--   kind, host     of the failure; '' for none
--   then, for each measure, its name and how much is added
local function add(key, slot, kept, messages, bytes, failed)
  local kind, nth = string.sub(slot, 1, 1), tonumber(string.sub(slot, 2))
  local before = redis.call('HGET', key, slot)
  local m, b, r, f = string.match(before or '0 0 0 0', '(%d+) (%d+) (%d+) (%d+)')
  -- A new slot replaces those that have passed, so that the hash stays as small as a list.
  for _, name in ipairs(before and {} or redis.call('HKEYS', key)) do
    if string.sub(name, 1, 1) == kind and tonumber(string.sub(name, 2)) <= nth - kept then redis.call('HDEL', key, name) end
  end
  redis.call('HSET', key, slot, string.format('%.0f %.0f %.0f %.0f', m + messages, b + bytes, r + 1, f + failed))
end

local function count(tally, ofDestination, first)
  local hour, day, messages, bytes, failed = unpack(ARGV, first, first + 4)
  for _, key in ipairs(tally == ofDestination and { tally } or { tally, ofDestination }) do
    add(key, hour, limits.tallyHoursKept, messages, bytes, failed)
    add(key, day, limits.tallyDaysKept, messages, bytes, failed)
    redis.call('EXPIRE', key, (limits.tallyDaysKept + 1) * 86400)
  end
end

local function measure(measures, measuredHosts, first)
  local kind, host = ARGV[first + 5], ARGV[first + 6]
  for nth = first + 7, #ARGV, 2 do redis.call('HINCRBYFLOAT', measures, ARGV[nth], ARGV[nth + 1]) end
  if host == '' then return end
  if redis.call('SISMEMBER', measuredHosts, host) == 0 then
    if redis.call('SCARD', measuredHosts) < limits.hostsNamed then redis.call('SADD', measuredHosts, host)
    else host = 'other' end
  end
  redis.call('HINCRBY', measures, 'tributary_failures_total|' .. kind .. '|' .. host, 1)
end
