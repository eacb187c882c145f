-- The KEYS of a script that changes an account, behind those of includes/restate.lua, tag {tributary} (`accountKeys` in accounts.ts):
--   sources       packed order: hash of what makes an account one of its kind, space, account id
--   destinations  hash: destination id -> DestinationRecord as JSON
--   due           sorted set: account id by the milliseconds at which it is due
--   accountIds    packed order of account ids
--   byAddress     packed order: address, space, account id
--   words         hash: account id -> what a search looks in, where that does not follow from the record
-- @include packed-order
local sources, destinations, due, accountIds, byAddress, words = unpack(KEYS, 11, 16)

-- The account that has a source; nil: none.
local function ownerOf(source)
  local text = rangeOf(sources, '[' .. source .. ' ', '(' .. source .. '!', 1, '')[1]
  return text and string.match(text, ' (.*)$')
end

local function giveSource(source, id)
  local owner = ownerOf(source)
  if owner then takeOut(sources, source .. ' ' .. owner) end
  putIn(sources, source .. ' ' .. id)
end
