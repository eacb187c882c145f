-- Takes some of what is gone out of the order of an account's quarantine entries: an earlier version removes entries without it.
--
-- KEYS, tag {account}:
--   quarantine  hash: entry id -> entry as JSON
--   order       sorted set, all of score 0: their ids, and `-` and the id of one that was let go of
-- ARGV:
--   after       the member after which it goes on, or ''
--   count       some 500 at most
-- Returns the last member that was looked at; '' at the end.
-- @include aside-order
local quarantine, order = KEYS[1], KEYS[2]
local after, count = ARGV[1], ARGV[2]

local members = redis.call('ZRANGEBYLEX', order, after == '' and '-' or '(' .. after, '+', 'LIMIT', 0, count)
for _, member in ipairs(members) do
  local id = string.gsub(member, '^%-', '')
  if redis.call('HEXISTS', quarantine, id) == 0 then unplaceAside(order, id) end
end
return members[#members] or ''
