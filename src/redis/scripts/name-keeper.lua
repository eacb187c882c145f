-- Tells which Redis serves an account, and since when: in a Cluster a command without a key would go to any node.
--
-- KEYS, tag {account}:
--   notes  of the account; it is not read
-- ARGV: none
-- Returns INFO of the server and its replication.
return redis.call('INFO', 'server', 'replication')
