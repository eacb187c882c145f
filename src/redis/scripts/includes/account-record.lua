-- `accountIn(json)` gives the account of a record, with its user and port where the record leaves them unsaid (account-record.ts); `unsaidInterval` is its
-- interval then.
local unsaidInterval = '{"minSeconds":120,"maxSeconds":3600}'

-- The table that a JSON text holds; nil for one that cannot be read: half of a surrogate pair is none to this reader.
local function decoded(json)
  local isRead, value = pcall(cjson.decode, json)
  return isRead and type(value) == 'table' and value or nil
end

-- Of a record that cannot be read it is `unreadable`, and paused: no script that looks at many accounts stops at one of them.
local function accountIn(json)
  local record = decoded(json)
  local account = record and record.account
  if type(account) ~= 'table' or not account.host or not account.address or not account.destinationId then
    return { unreadable = true, paused = true, address = '', user = '', host = '-', port = 0, destinationId = '-' }
  end
  account.user = account.user or account.address
  account.port = account.port or ((account.tls or 'implicit') == 'implicit' and 995 or 110)
  return account
end
