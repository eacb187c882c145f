-- Names runs in the index of all runs, or takes them out.
--
-- KEYS, tag {tributary}:
--   buckets   see includes/run-index.lua
-- ARGV:
--   what      'add' or 'remove'
--   then, for each run, its id and its account's
-- Returns 1.
-- @include run-index
local buckets, what = KEYS[1], ARGV[1]

for nth = 2, #ARGV, 2 do
  if what == 'add' then index(buckets, ARGV[nth], ARGV[nth + 1]) else unindex(buckets, ARGV[nth], ARGV[nth + 1]) end
end
return 1
