-- Begins every script that writes to an account's ledger: what includes/held.lua does, and the account's data get another revision, so that
-- no plan that was known before is taken for today's (note-known.lua). Keys, arguments and errors are those of includes/held.lua.
-- @include held
redis.call('HINCRBY', notes, 'revision', 1)
