/** Closes what tests have opened. Every close has a time limit, so that no test file waits for a client or for a part that hangs. */
import { once } from 'node:events'
import type { Server, Socket } from 'node:net'
import { withDeadline } from '../../src/deadline.ts'

/** A browser that does not close is killed after 30 s, a Redis or a Dovecot after 10 s. */
const closedWithinMs = 45_000

/**
 * Closes one part after the other. If one fails, or does not close in time, the others are closed all the same.
 *
 * @throws an error that names the parts which were not closed.
 */
export async function closeAll(closers: Readonly<Record<string, () => unknown>>): Promise<void> {
  const failures: string[] = []
  for (const [name, close] of Object.entries(closers)) {
    const late = () => new Error(`it did not close within ${closedWithinMs / 1000} s`)
    const closing = (async () => await close())()
    await withDeadline(closing, { waitMs: closedWithinMs, late }).catch((error: unknown) => {
      failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    })
  }
  if (failures.length > 0) throw new Error(`Not closed: ${failures.join('; ')}`)
}

/** Gives the function that closes the server and all its connections, even during a TLS handshake. It must be called before the server listens. */
export function closerOf(server: Server): () => Promise<void> {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  return async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    // First no new connection is let in, then the open ones are ended.
    server.close()
    for (const socket of open) socket.destroy()
    await closed
  }
}
