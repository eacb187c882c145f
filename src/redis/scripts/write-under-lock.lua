-- Carries out the commands of a step from one format of the data to the next.
--
-- KEYS, tag {tributary} and, in a step that changes accounts, {account}, unless in a Cluster:
--   lock   see includes/format-lock.lua
--   then the keys that the commands touch
-- ARGV:
--   token  see includes/format-lock.lua
--   then, for each command, the number of its words and the words
-- Returns 1.
-- @include format-lock
local nth = 2

while nth <= #ARGV do
  local words = tonumber(ARGV[nth])
  redis.call(unpack(ARGV, nth + 1, nth + words))
  nth = nth + words + 1
end
return 1
