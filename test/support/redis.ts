/** A Redis of one's own: unix socket, own folder, gone with the test. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export async function startRedis(): Promise<{ url: string; dir: string; pid: number; stop(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'tributary-redis-'))
  const url = join(dir, 'redis.sock')
  const args = [
    '--port',
    '0',
    '--unixsocket',
    url,
    '--dir',
    dir,
    '--appendonly',
    'yes',
    '--appendfsync',
    'always',
    '--save',
    '',
    '--maxmemory-policy',
    'noeviction',
  ]
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', 'redis-server', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error('redis-server ended before it was ready')))
    child.stdout.on('data', (chunk) => {
      if (String(chunk).includes('eady to accept')) resolve()
    })
  })
  return {
    url,
    dir,
    pid: child.pid ?? 0,
    async stop() {
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      await exit
      await rm(dir, { recursive: true, force: true })
    },
  }
}
