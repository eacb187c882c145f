-- Takes a turn to send one message of an account, if it has not sent as many in any minute, hour or day as its server takes. Each is counted in
-- twelve parts, so that what is older goes bit by bit.
--
-- KEYS, tag {account}:
--   turns           hash: PERIOD, colon, nth part of that length since 1970 -> messages
-- ARGV:
--   keptMs          how long it is kept
--   then of each period: its name, the milliseconds of one part, and how many messages it may have; '' for no limit
-- Returns the time in milliseconds since 1970, and for how many milliseconds there is no room: 0 if the turn was taken; then the messages of each period, this one among them.
local parts = 12
local turns = KEYS[1]
local keptMs = ARGV[1]
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local fields = redis.call('HGETALL', turns)
local waitMs, counted, names = 0, {}, {}

for nth = 2, #ARGV, 3 do
  local name, partMs, most = ARGV[nth], tonumber(ARGV[nth + 1]), tonumber(ARGV[nth + 2])
  local current = math.floor(nowMs / partMs)
  local used, slots = 0, {}
  for at = 1, #fields, 2 do
    local period, slot = string.match(fields[at], '^(%a+):(%d+)$')
    if period == name then
      slot = tonumber(slot)
      local messages = tonumber(fields[at + 1])
      -- One in the future was written before the clock was set back.
      if slot < current - parts or slot > current + 1 then redis.call('HDEL', turns, fields[at])
      elseif messages > 0 then
        used = used + messages
        table.insert(slots, { slot, messages })
      end
    end
  end
  if most and used >= most then
    table.sort(slots, function(a, b) return a[1] < b[1] end)
    local left, freeMs = used, nowMs + partMs
    for _, slot in ipairs(slots) do
      if left >= most then
        left = left - slot[2]
        freeMs = (slot[1] + parts + 1) * partMs
      end
    end
    waitMs = math.max(waitMs, freeMs - nowMs)
  end
  table.insert(names, name .. ':' .. string.format('%.0f', current))
  table.insert(counted, used)
end
if waitMs == 0 then
  for nth, name in ipairs(names) do
    redis.call('HINCRBY', turns, name, 1)
    counted[nth] = counted[nth] + 1
  end
  redis.call('PEXPIRE', turns, keptMs)
end
local answer = { nowMs, waitMs }
for _, count in ipairs(counted) do table.insert(answer, count) end
return answer
