/** Asks Sentinels for the master, as ioredis does. */
import { type Redis, type SentinelConnectionOptions, SentinelConnector } from 'ioredis'

/** Its connections to Sentinels. Those of the detector wait for the next fail-over. */
interface Connections {
  connectToSentinel(...all: unknown[]): Redis
  readonly failoverDetector: { cleanup(): void } | null
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

  /**
   * The detector of the connection before is let go first. What it hears while the Sentinels are asked anew would break that off, and ioredis takes
   * such a connection for one that was closed on purpose: it never came back, and its process had no Redis until it was started again.
   */
  override connect(...all: Parameters<SentinelConnector['connect']>): ReturnType<SentinelConnector['connect']> {
    const { failoverDetector } = this as unknown as Connections
    failoverDetector?.cleanup()
    return super.connect(...all)
  }
}
