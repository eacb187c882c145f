-- Takes octets out of the budgets of a first import: each allows so many in any sixty minutes, counted by the minute.
--
-- KEYS, tag {tributary}:
--   imported:SCOPE ...   hash: minute -> octets, one for each budget
-- ARGV:
--   wanted               octets
--   least                fewer are of no use
--   limit ...            the octets an hour of each budget
-- Returns what is granted; where that is not all, in how many seconds there is more, and which budget gives that last, from 0 on; and the
-- minute in which it is counted.
local wanted, least = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local nowSeconds = tonumber(time[1])
local minute = math.floor(nowSeconds / 60)
local granted, waitSeconds, short = wanted, 0, 0

-- In how many seconds a budget has room for `least` again, if it has so much now.
local function secondsUntilRoom(slots, room, limit)
  table.sort(slots, function(a, b) return a[1] < b[1] end)
  for _, slot in ipairs(slots) do
    room = room + slot[2]
    if room > 0 and room >= math.min(least, limit) then return (slot[1] + 60) * 60 - nowSeconds end
  end
  return 3600
end

for nth, key in ipairs(KEYS) do
  local limit = tonumber(ARGV[2 + nth])
  local slots, used = {}, 0
  local fields = redis.call('HGETALL', key)
  for at = 1, #fields, 2 do
    local slot, octets = tonumber(fields[at]), tonumber(fields[at + 1])
    if slot <= minute - 60 or slot > minute + 60 then redis.call('HDEL', key, fields[at])
    elseif octets > 0 then
      used = used + octets
      table.insert(slots, { slot, octets })
    end
  end
  local room = limit - used
  -- What is larger than all of a budget has it for itself.
  if used == 0 then room = math.max(room, least) end
  if room < math.min(wanted, least) or room <= 0 then room = 0 end
  if room < wanted then
    granted = math.min(granted, room)
    -- Of a part nothing is left.
    local seconds = secondsUntilRoom(slots, room > 0 and 0 or limit - used, limit)
    if seconds > waitSeconds then waitSeconds, short = seconds, nth - 1 end
  end
end
if granted > 0 then
  for _, key in ipairs(KEYS) do
    redis.call('HINCRBY', key, minute, granted)
    redis.call('EXPIRE', key, 3660)
  end
end
return { granted, waitSeconds, short, minute }
