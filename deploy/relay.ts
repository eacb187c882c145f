/** Passes connections on to another server, as they are. Whoever comes while that one is away is hung up on. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type NetConnectOpts } from 'node:net'
import type { PolicyPlace } from '../src/mail-policy.ts'

interface Door {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
}

/** Gives the port. It is free again with this process. */
export async function relay(door: Door, to: NetConnectOpts): Promise<number> {
  const server = createServer((asking) => {
    const answering = connect(to)
    for (const [one, other] of [[asking, answering] as const, [answering, asking] as const]) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
      one.pipe(other)
    }
  })
  server.listen({ ...door })
  await once(server, 'listening')
  server.unref()
  return (server.address() as AddressInfo).port
}

/**
 * Passes Dovecot's questions about logins on to the API. Dovecot asks over TCP alone, and cannot do without while the API starts again: the port
 * is taken before Dovecot is started, and a question that is hung up on lets the login go on at once.
 */
export async function relayPolicy(api: PolicyPlace): Promise<number> {
  return await relay({ host: '127.0.0.1', port: 0 }, api)
}
