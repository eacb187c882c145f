-- Who fetched a source to a destination before. KEYS of the script that includes this, tag {tributary}:
--   formerSources   hash of the destination: hash of host, port and user -> seconds since 1970, space, the account that left it last

-- Notes that the account leaves the source. The older half goes when there are too many.
local function leaveSource(formerSources, name, account)
  redis.call('HSET', formerSources, name, redis.call('TIME')[1] .. ' ' .. account)
  if redis.call('HLEN', formerSources) <= limits.formerSourcesMax then return end
  local all = redis.call('HGETALL', formerSources)
  local left = {}
  for nth = 1, #all, 2 do table.insert(left, { tonumber(string.match(all[nth + 1], '^%d+')), all[nth] }) end
  table.sort(left, function(one, other) return one[1] < other[1] end)
  for nth = 1, math.floor(#left / 2) do redis.call('HDEL', formerSources, left[nth][2]) end
end

-- Notes that the account takes the source, if another one has left it: what that one stored is in no ledger any more.
local function takeSource(formerSources, predecessors, name, account)
  local left = redis.call('HGET', formerSources, name)
  local predecessor = left and string.match(left, ' (.*)$')
  if predecessor and predecessor ~= account then redis.call('HSET', predecessors, account, predecessor) end
end
