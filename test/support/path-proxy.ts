/** A reverse proxy that gives an instance a path of its host, as nginx or Caddy do: it takes the prefix away, or leaves it. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface PathProxy {
  /** Where browsers reach the instance, without a slash at the end. */
  readonly publicUrl: string
  /** What was asked for beside the prefix: there is nothing. */
  readonly astray: string[]
  /** @param port the instance's. */
  passTo(port: number): void
  close(): Promise<void>
}

export async function startPathProxy(
  prefix: string,
  way: 'takes the prefix away' | 'leaves the prefix',
): Promise<PathProxy> {
  const astray: string[] = []
  let to = 0
  const server = createServer((asked: IncomingMessage, answer: ServerResponse) => {
    const { url = '/', method, headers } = asked
    if (url !== prefix && !url.startsWith(`${prefix}/`)) {
      // Browsers ask for it by themselves.
      if (url !== '/favicon.ico') astray.push(url)
      answer.writeHead(404).end('another application')
      return
    }
    const path = way === 'leaves the prefix' ? url : url.slice(prefix.length) || '/'
    const passed = request({ host: '127.0.0.1', port: to, path, method, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers)
      got.pipe(answer)
    })
    passed.on('error', () => answer.destroy())
    answer.on('close', () => passed.destroy())
    asked.pipe(passed)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    publicUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`,
    astray,
    passTo(port) {
      to = port
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
