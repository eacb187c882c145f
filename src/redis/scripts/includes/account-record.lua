-- `accountIn(json)` gives the account of a record, with its user and port where the record leaves them unsaid (account-record.ts); `unsaidInterval` is its
-- interval then.
local unsaidInterval = '{"minSeconds":120,"maxSeconds":3600}'

local function accountIn(json)
  local account = cjson.decode(json).account
  account.user = account.user or account.address
  account.port = account.port or ((account.tls or 'implicit') == 'implicit' and 995 or 110)
  return account
end
