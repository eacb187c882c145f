/** How a server of a test's own is closed: at once, and with all its connections, so that no test file waits for a client. */
import { once } from 'node:events'
import type { Server, Socket } from 'node:net'

/** To be called before the server listens. Connections in the middle of a TLS handshake are closed as well. */
export function closerOf(server: Server): () => Promise<void> {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  return async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    // First no further connection, then none of those that are there.
    server.close()
    for (const socket of open) socket.destroy()
    await closed
  }
}
