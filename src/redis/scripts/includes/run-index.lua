-- `index(buckets, run, account)` names a run in the index of all runs, and `unindex` takes it out.
--
--   buckets           see includes/packed-order.lua; its texts are run id, space, account id. An earlier version named pieces by the first seven
--                     letters of the ids in them: these are pieces like others
-- @include packed-order
local function index(buckets, run, account) putIn(buckets, run .. ' ' .. account) end

local function unindex(buckets, run, account) takeOut(buckets, run .. ' ' .. account) end
