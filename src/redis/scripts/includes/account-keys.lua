-- The KEYS of a script that changes an account, behind those of includes/restate.lua, tag {tributary} (`accountKeys` in
-- account-scripts.ts):
--   sources       hash: what makes an account one of its kind -> account id
--   destinations  hash: destination id -> DestinationRecord as JSON
--   due           sorted set: account id by the milliseconds at which it is due
--   accountIds    sorted set of account ids, all of score 0
--   byAddress     sorted set, all of score 0: address, space, account id
--   words         hash: account id -> what a search looks in, where that does not follow from the record
local sources, destinations, due, accountIds, byAddress, words = unpack(KEYS, 11, 16)
