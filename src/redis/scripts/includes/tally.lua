-- `tally(key, hour, day, messages, bytes, runs, failed)` adds to the slots of an hour and of a day.
--
--   key         hash: slot of an hour or a day -> 'messages bytes runs failed'
--   hour, day   slots: h or d, and the number of hours or days since 1970
local function addTo(key, slot, kept, messages, bytes, runs, failed)
  local kind, nth = string.sub(slot, 1, 1), tonumber(string.sub(slot, 2))
  local before = redis.call('HGET', key, slot)
  local m, b, r, f = string.match(before or '0 0 0 0', '(%d+) (%d+) (%d+) (%d+)')
  -- A new slot replaces those that have passed, so that the hash stays as small as a list.
  for _, name in ipairs(before and {} or redis.call('HKEYS', key)) do
    if string.sub(name, 1, 1) == kind and tonumber(string.sub(name, 2)) <= nth - kept then redis.call('HDEL', key, name) end
  end
  redis.call('HSET', key, slot, string.format('%.0f %.0f %.0f %.0f', m + messages, b + bytes, r + runs, f + failed))
end

local function tally(key, hour, day, ...)
  addTo(key, hour, limits.tallyHoursKept, ...)
  addTo(key, day, limits.tallyDaysKept, ...)
  redis.call('EXPIRE', key, (limits.tallyDaysKept + 1) * 86400)
end
