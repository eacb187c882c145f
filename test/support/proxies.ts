/** Starts Debian's proxies, each on a port of this machine, and proxies that do what a test says. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { closerOf } from './closing.ts'
import { freePorts } from './ports.ts'
import { until } from './until.ts'

export const proxyLogin = { user: 'gate', password: 'p:w@ü "x"' } as const

/** The URL of each proxy, by its name. */
export interface Proxies {
  readonly microsocks: string
  readonly microsocksWithLogin: string
  readonly dante: string
  readonly tinyproxy: string
  readonly tinyproxyWithLogin: string
}

/** What people write of a login in the URL of a proxy. */
export function withLogin(
  url: string,
  { user, password }: { readonly user: string; readonly password: string },
): string {
  return url.replace('://', `://${encodeURIComponent(user)}:${encodeURIComponent(password)}@`)
}

/** tinyproxy takes letters, digits and little else in its file. */
export const plainLogin = { user: 'gate', password: 'secret-of-tinyproxy' } as const

export async function startProxies(t: { after(end: () => unknown): void }): Promise<Proxies> {
  const folder = mkdtempSync('/tmp/tributary-proxies-')
  const [plain = 0, guarded = 0, dante = 0, tiny = 0, tinyGuarded = 0] = await freePorts(5)
  const file = (name: string, lines: readonly string[]) => {
    writeFileSync(join(folder, name), `${lines.join('\n')}\n`)
    return join(folder, name)
  }
  const danteFile = file('dante', [
    `logoutput: ${join(folder, 'dante.log')}`,
    `internal: 127.0.0.1 port = ${dante}`,
    'external: lo',
    'socksmethod: none',
    'clientmethod: none',
    'client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }',
    // Nobody is let out to this address.
    'socks block { from: 0.0.0.0/0 to: 127.0.0.3/32 }',
    'socks pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }',
  ])
  const tinyLines = (port: number) => [`Port ${port}`, 'Listen 127.0.0.1', 'Timeout 60', `LogFile "${folder}/tiny.log"`]
  const tinyFile = file('tiny', tinyLines(tiny))
  const { user, password } = plainLogin
  const tinyGuardedFile = file('tiny-guarded', [...tinyLines(tinyGuarded), `BasicAuth ${user} ${password}`])
  const children: ChildProcess[] = [
    ['microsocks', '-i', '127.0.0.1', '-p', String(plain)],
    ['microsocks', '-i', '127.0.0.1', '-p', String(guarded), '-u', proxyLogin.user, '-P', proxyLogin.password],
    ['danted', '-f', danteFile],
    ['tinyproxy', '-d', '-c', tinyFile],
    ['tinyproxy', '-d', '-c', tinyGuardedFile],
  ].map(([command = '', ...args]) => {
    const path = `${process.env['PATH'] ?? ''}:/usr/sbin`
    return spawn(command, args, { stdio: 'ignore', env: { ...process.env, PATH: path } })
  })
  const begun = Promise.all(children.map(async (child) => await once(child, 'spawn')))
  t.after(async () => {
    for (const child of children) child.kill()
    const alive = children.filter((child) => child.pid !== undefined && (child.exitCode ?? child.signalCode) === null)
    await Promise.all(alive.map(async (child) => await once(child, 'exit')))
    rmSync(folder, { recursive: true })
  })
  await begun
  await Promise.all(
    [plain, guarded, dante, tiny, tinyGuarded].map((port) => until(`a proxy at ${port}`, () => takesConnections(port))),
  )
  return {
    microsocks: `socks5://127.0.0.1:${plain}`,
    microsocksWithLogin: `socks5://127.0.0.1:${guarded}`,
    dante: `socks5h://127.0.0.1:${dante}`,
    tinyproxy: `http://127.0.0.1:${tiny}`,
    tinyproxyWithLogin: `http://127.0.0.1:${tinyGuarded}`,
  }
}

async function takesConnections(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

export interface ScriptedProxy {
  readonly place: string
  /** What came of each connection, one char an octet. */
  readonly heard: string[]
}

/** @param play says what it does with a connection; `heard` resolves with the next octets of the client. */
export async function scriptedProxy(
  t: TestContext,
  play: (socket: Socket, heard: () => Promise<string>) => Promise<void> | void,
): Promise<ScriptedProxy> {
  const all: string[] = []
  const server = createServer((socket) => {
    const nth = all.push('') - 1
    const pieces: string[] = []
    let wake = () => {}
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      all[nth] += chunk.toString('latin1')
      pieces.push(chunk.toString('latin1'))
      wake()
    })
    const heard = async () => {
      while (pieces.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      return pieces.shift() ?? ''
    }
    void play(socket, heard)
  })
  t.after(closerOf(server))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { place: `127.0.0.1:${(server.address() as AddressInfo).port}`, heard: all }
}

/** A proxy that leads to a port of this machine, whatever it is asked for. Gives its URL. */
export async function leadingProxy(t: TestContext, port: () => number): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      const to = connect({ host: '127.0.0.1', port: port() }, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        socket.pipe(to).pipe(socket)
      })
      to.on('error', () => {})
      socket.on('close', () => to.destroy())
    })
  })
  t.after(closerOf(server))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
