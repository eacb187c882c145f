/** Ports for the servers of tests, of which many processes run at once. */
import { randomInt } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

/** A file for each port that a process has taken, with its process id. */
const folder = '/tmp/tributary-test-ports'
const own: string[] = []
process.on('exit', () => {
  for (const path of own) rmSync(path, { force: true })
})

/**
 * Finds ports on which nobody listens, and which no other process of tests is given. They lie below the ports that the kernel gives to outgoing
 * connections (from 32768 on), because such a connection could take one before its server does.
 */
export async function freePorts(count: number): Promise<number[]> {
  mkdirSync(folder, { recursive: true, mode: 0o777 })
  const ports: number[] = []
  while (ports.length < count) {
    const port = randomInt(10_000, 32_768)
    if (take(port) && (await isFree(port))) ports.push(port)
  }
  return ports
}

function take(port: number): boolean {
  const path = join(folder, String(port))
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' })
  } catch {
    if (isAlive(path)) return false
    writeFileSync(path, String(process.pid))
  }
  own.push(path)
  return true
}

/** Whether the process that has taken it still runs; a file that is just being written is of one that does. */
function isAlive(path: string): boolean {
  try {
    const pid = Number(readFileSync(path, 'utf8'))
    return pid === 0 || process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const isFree = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
  })
  if (isFree) await new Promise((resolve) => server.close(resolve))
  return isFree
}
