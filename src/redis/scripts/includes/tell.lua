-- `tell(events, kind, destination, json)` adds an event to the stream of events.
local function tell(events, kind, destination, json)
  redis.call('XADD', events, 'MAXLEN', '~', limits.eventsKept, '*', 'kind', kind, 'of', destination, 'json', json)
end
