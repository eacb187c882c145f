-- `tell(events, kind, destination, json)` puts word of what happened into the stream of events.
local function tell(events, kind, destination, json)
  redis.call('XADD', events, 'MAXLEN', '~', limits.eventsKept, '*', 'kind', kind, 'of', destination, 'json', json)
end
