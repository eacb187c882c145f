-- `noteQuarantined(quarantined, quarantine, account)` notes whether anything of the account is in quarantine now.
local function noteQuarantined(quarantined, quarantine, account)
  if redis.call('EXISTS', quarantine) == 1 then
    redis.call('ZADD', quarantined, 0, account)
  else
    redis.call('ZREM', quarantined, account)
  end
end
