/** A Redis that says what a test wants: nothing, half of an answer, or where else to ask. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { closerOf } from './closing.ts'

export type Reply = string | number | null | Error | readonly Reply[]

/** What is sent as it stands. Nothing is sent for ''. */
export interface Raw {
  readonly raw: string
}

export type Answer = (words: readonly string[], socket: Socket) => Reply | Raw | undefined

export interface FakeRedis {
  readonly port: number
  /** How many connections there were. */
  readonly connections: number
  close(): Promise<void>
}

export const silence: Raw = { raw: '' }

/** @param answer undefined: as any Redis would that has just begun. */
export async function startFakeRedis(answer: Answer): Promise<FakeRedis> {
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    let unread = ''
    socket.setEncoding('latin1')
    socket.on('error', () => {})
    socket.on('data', (octets) => {
      unread += String(octets)
      for (let taken = commandIn(unread); taken !== undefined; taken = commandIn(unread)) {
        unread = unread.slice(taken.octets)
        const reply = answer(taken.words, socket) ?? usual(taken.words)
        socket.write(isRaw(reply) ? reply.raw : encoded(reply), 'latin1')
      }
    })
  })
  const close = closerOf(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections
    },
    close,
  }
}

function usual([name = '']: readonly string[]): Reply {
  if (name === 'hello') return new Error("ERR unknown command 'HELLO'")
  return name === 'info' ? 'redis_version:7.2.4\r\nloading:0\r\nrole:master\r\n' : 'OK'
}

/** The first command, its name in small letters: an array of bulk strings, as clients send. */
function commandIn(unread: string): { words: string[]; octets: number } | undefined {
  const head = /^\*(\d+)\r\n/.exec(unread)
  if (head === null) return undefined
  const words: string[] = []
  let at = head[0].length
  for (let nth = 0; nth < Number(head[1]); nth += 1) {
    const length = /^\$(\d+)\r\n/.exec(unread.slice(at))
    if (length === null) return undefined
    const from = at + length[0].length
    at = from + Number(length[1]) + 2
    if (unread.length < at) return undefined
    const word = unread.slice(from, at - 2)
    words.push(nth === 0 ? word.toLowerCase() : word)
  }
  return { words, octets: at }
}

function isRaw(reply: Reply | Raw): reply is Raw {
  return typeof reply === 'object' && reply !== null && 'raw' in reply
}

export function encoded(reply: Reply): string {
  if (reply === null) return '$-1\r\n'
  if (typeof reply === 'number') return `:${reply}\r\n`
  if (typeof reply === 'string') return `$${reply.length}\r\n${reply}\r\n`
  if (reply instanceof Error) return `-${reply.message}\r\n`
  return `*${reply.length}\r\n${reply.map(encoded).join('')}`
}
