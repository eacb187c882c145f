/** Asks Sentinels for the master, as ioredis does. */
import { type Redis, type SentinelConnectionOptions, SentinelConnector } from 'ioredis'

/** Its connections to Sentinels. */
interface Connections {
  connectToSentinel(...all: unknown[]): Redis
}

export class Sentinels extends SentinelConnector {
  constructor(options: unknown) {
    super(options as SentinelConnectionOptions)
    const connections = this as unknown as Connections
    const connect = connections.connectToSentinel.bind(this)
    connections.connectToSentinel = (...all) => {
      const sentinel = connect(...all)
      // Another one is asked. Nobody else hears of it, and ioredis would write it, with its stack, beside the log: at each connection.
      sentinel.on('error', () => {})
      return sentinel
    }
  }
}
