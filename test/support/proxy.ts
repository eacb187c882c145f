/** A line between a client and a server that breaks as it is told. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Proxy {
  readonly port: number
  /** The next answer that holds this is lost, and with it the connection. */
  lose(answer: string): void
  close(): Promise<void>
}

/** @param changed what the server says, in other words of the same length. */
export async function startProxy(to: number, changed?: (said: string) => string): Promise<Proxy> {
  const sockets = new Set<Socket>()
  let lost: string | undefined
  const server = createServer((client) => {
    const upstream = connect({ host: '127.0.0.1', port: to })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => [client, upstream].forEach((one) => one.destroy()))
    }
    client.pipe(upstream)
    upstream.on('data', (said: Buffer) => {
      const chunk = changed === undefined ? said : Buffer.from(changed(said.toString('latin1')), 'latin1')
      if (lost === undefined || !chunk.includes(lost)) return void client.write(chunk)
      lost = undefined
      client.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    lose(answer) {
      lost = answer
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
