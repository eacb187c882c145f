/** Counts what Redis is asked to do, as MONITOR shows it: the commands of clients by name, and which of them write. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Redis } from 'ioredis'
import { root } from '../deploy/template.ts'
import { luaOf } from '../src/redis/scripts.ts'

export interface Asked {
  /** Commands of clients; those inside scripts are not counted. */
  readonly commands: number
  /** Those of them that wrote something: write commands, and scripts that ran one. */
  readonly writes: number
  /** The commands by name, the most frequent first. A script has its own name. */
  readonly byName: readonly { readonly name: string; readonly count: number; readonly writes: number }[]
}

/** Redis is slower while somebody watches it: nothing else is to be measured at the same time, and nothing asked of it from here. */
export async function monitored(redis: Redis, socketPath: string, ms: number): Promise<Asked> {
  const writing = await writingCommands(redis)
  const names = await scriptNames()
  const socket = createConnection({ path: socketPath })
  await once(socket, 'connect')
  const counts = new Map<string, { count: number; writes: number }>()
  let last: { count: number; writes: number } | undefined
  let hasWritten = false
  let rest = ''
  const write = (command: string) => {
    if (last === undefined || hasWritten || !writing.has(command.toLowerCase())) return
    last.writes += 1
    hasWritten = true
  }
  const read = (line: string) => {
    const [, from, command = '', first = ''] =
      /^\+[\d.]+ \[\d+ ([^\]]+)\] "([^"]*)"(?: "([^"]{0,60}))?/.exec(line) ?? []
    if (from === undefined) return
    // A script's commands follow behind its own line.
    if (from === 'lua') return write(command)
    const name = /^evalsha$/i.test(command) ? (names.get(first) ?? first.slice(0, 8)) : command.toLowerCase()
    last = counts.get(name) ?? { count: 0, writes: 0 }
    counts.set(name, last)
    last.count += 1
    hasWritten = false
    write(command)
  }
  socket.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('latin1')).split('\r\n')
    rest = lines.pop() ?? ''
    for (const line of lines) read(line)
  })
  socket.write('MONITOR\r\n')
  await new Promise((resolve) => setTimeout(resolve, ms))
  socket.destroy()
  const byName = [...counts].map(([name, counted]) => ({ name, ...counted })).toSorted((a, b) => b.count - a.count)
  const sum = (of: (entry: (typeof byName)[number]) => number) => byName.reduce((total, entry) => total + of(entry), 0)
  return { commands: sum(({ count }) => count), writes: sum((entry) => entry.writes), byName }
}

async function writingCommands(redis: Redis): Promise<Set<string>> {
  const all = (await redis.call('COMMAND')) as [name: string, arity: number, flags: string[]][]
  return new Set(all.filter(([, , flags]) => flags.includes('write')).map(([name]) => name))
}

/** The names of our scripts and of BullMQ's, by their hash. */
async function scriptNames(): Promise<Map<string, string>> {
  const names = new Map<string, string>()
  const hashOf = (text: string) => createHash('sha1').update(text).digest('hex')
  for (const file of readdirSync(join(root, 'src/redis/scripts')).filter((name) => name.endsWith('.lua')))
    names.set(hashOf(luaOf(file.slice(0, -4))), file)
  const folder = join(root, 'node_modules/bullmq/dist/esm/scripts')
  for (const file of readdirSync(folder).filter((name) => /-\d+\.js$/.test(name))) {
    const exported = (await import(pathToFileURL(join(folder, file)).href)) as Record<string, { content?: string }>
    for (const { content } of Object.values(exported))
      if (content !== undefined) names.set(hashOf(content), `bullmq ${file.replace(/-\d+\.js$/, '')}`)
  }
  return names
}
