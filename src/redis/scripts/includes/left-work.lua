-- `leftWork(notes, intents, spool, readMs)` returns false if something waits for a run beside the maildrop's mail: intents, spooled messages,
-- suspects, a run that set out and never returned, or somebody's wish. Otherwise it returns when the first message that was set aside
-- is tried again by itself, of those for which that is later than readMs; math.huge for none.
local function leftWork(notes, intents, spool, readMs)
  if redis.call('EXISTS', intents, spool) > 0 or redis.call('HLEN', notes) > limits.notesReadMax then return false end
  local all = redis.call('HGETALL', notes)
  local firstMs = math.huge
  for nth = 1, #all, 2 do
    local field, value = all[nth], all[nth + 1]
    if field == 'suspects' and value ~= '[]' then return false end
    if string.sub(field, 1, 4) == 'out ' then return false end
    if string.sub(field, 1, 5) == 'wish ' then
      local againMs = tonumber(string.match(value, '^at (%d+)$'))
      -- `from OCTETS` goes by the account's limit, which is part of the plan.
      if not againMs and not string.match(value, '^from %d+$') then return false end
      if againMs and againMs > readMs then firstMs = math.min(firstMs, againMs) end
    end
  end
  return firstMs
end
