/**
 * Passes Dovecot's questions about logins on to the API. Dovecot asks over TCP alone, and cannot do without while the API starts again: the port
 * is taken before Dovecot is started, and whoever connects while the API is away is hung up on, so that the login goes on at once.
 */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import type { PolicyPlace } from '../src/mail-policy.ts'

/** Gives the port on this machine. It is free again with this process. */
export async function relayPolicy(api: PolicyPlace): Promise<number> {
  const server = createServer((asking) => {
    const answering = connect(api)
    for (const [one, other] of [[asking, answering] as const, [answering, asking] as const]) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
      one.pipe(other)
    }
  })
  server.listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  server.unref()
  return (server.address() as AddressInfo).port
}
