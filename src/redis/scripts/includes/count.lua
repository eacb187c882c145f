-- `count(tallyKey, ofDestination, first)` adds a run to the slots of its hour and its day, in total and for its destination.
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
-- @include tally
local function count(tallyKey, ofDestination, first)
  local hour, day, messages, bytes, failed = unpack(ARGV, first, first + 4)
  for _, key in ipairs(tallyKey == ofDestination and { tallyKey } or { tallyKey, ofDestination }) do
    tally(key, hour, day, messages, bytes, 1, failed)
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
