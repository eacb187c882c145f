/** Servers at which no visit comes to a good end, in a process of their own. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { answerQuestions, askedOptions, isAsked, startAsked } from './asked-process.ts'

/**
 * `silent`: it takes every connection and says nothing. `drip`: it says what it has to, and then a message without end at 600 octets a second.
 * `slam`: it closes every connection at once. `late`: every answer comes after 12 s. `busy`: it says that too many are there.
 */
export type BadKind = 'silent' | 'drip' | 'slam' | 'late' | 'busy'

export interface BadPlace {
  readonly kind: BadKind
  readonly host: string
  readonly port: number
}

export interface BadSeen {
  readonly connections: number
  /** The connections that are open now, and the most that were at once at one place. */
  readonly open: number
  readonly most: number
}

export interface BadProvider {
  readonly pid: number
  see(): Promise<BadSeen>
  stop(): Promise<void>
}

export async function startBadProvider(places: readonly BadPlace[]): Promise<BadProvider> {
  const servers = await startAsked<{ readonly see: 'counts' }, BadSeen>('bad-provider', { places })
  return {
    pid: servers.pid,
    see: async () => await servers.ask({ see: 'counts' }),
    stop: async () => await servers.stop(),
  }
}

const dripEveryMs = 100
const drip = `${'A line that comes slowly, and then another one like it ...'.slice(0, 58)}\r\n`
const lateMs = 12_000
/** The size that is listed: it never comes to an end. */
const endlessOctets = 20_000_000

class BadServers {
  #connections = 0
  #open = 0
  #most = 0
  readonly #dripping = new Set<Socket>()

  async listen(places: readonly BadPlace[]): Promise<void> {
    for (const place of places) {
      let open = 0
      const server: Server = createServer((socket) => {
        socket.on('error', () => {})
        this.#connections += 1
        this.#open += 1
        open += 1
        this.#most = Math.max(this.#most, open)
        socket.once('close', () => {
          this.#open -= 1
          open -= 1
          this.#dripping.delete(socket)
        })
        this.#serve(socket, place.kind)
      })
      server.listen({ host: place.host, port: place.port, backlog: 4096 })
      await once(server, 'listening')
    }
    setInterval(() => {
      for (const socket of this.#dripping) socket.write(drip, 'latin1')
    }, dripEveryMs)
  }

  see(): BadSeen {
    return { connections: this.#connections, open: this.#open, most: this.#most }
  }

  #serve(socket: Socket, kind: BadKind): void {
    if (kind === 'slam') return void socket.destroy()
    if (kind === 'silent') return void socket.resume()
    if (kind === 'busy') return void socket.end('-ERR [SYS/TEMP] Too many connections, try again later\r\n')
    const answer = (text: string) => {
      if (kind === 'late') setTimeout(() => socket.writable && socket.write(text), lateMs)
      else socket.write(text)
    }
    answer('+OK ready\r\n')
    let rest = ''
    socket.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString('latin1')).split('\r\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const [verb = '', word] = line.toUpperCase().split(' ')
        if (verb === 'RETR') {
          socket.write('+OK it follows\r\n')
          this.#dripping.add(socket)
        } else if (verb === 'QUIT') socket.end('+OK\r\n')
        else if (!this.#dripping.has(socket)) answer(replyTo(verb, word))
      }
    })
  }
}

function replyTo(verb: string, word: string | undefined): string {
  switch (verb) {
    case 'CAPA':
      return '+OK\r\nUIDL\r\nUSER\r\n.\r\n'
    case 'STAT':
      return `+OK 1 ${endlessOctets}\r\n`
    case 'LIST':
      return word === undefined ? `+OK\r\n1 ${endlessOctets}\r\n.\r\n` : `+OK 1 ${endlessOctets}\r\n`
    case 'UIDL':
      return word === undefined ? '+OK\r\n1 the-only-one\r\n.\r\n' : '+OK 1 the-only-one\r\n'
    default:
      return '+OK\r\n'
  }
}

if (isAsked(import.meta.filename)) {
  const servers = new BadServers()
  await servers.listen((askedOptions() as { readonly places: readonly BadPlace[] }).places)
  answerQuestions(() => servers.see())
}
