/** A POP3 server that does as it is told: how it misbehaves is data, so that a test reads as the story of one bad server. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { endAfterPieces, piecesOf, sendInPieces } from './pieces.ts'

export interface MaildropMessage {
  readonly bytes: Buffer
  /** Undefined: numbered by place. Empty: the server sends a blank one. */
  readonly uidl?: string
  /** What LIST says, if not the truth. */
  readonly size?: number
}

export interface Behaviour {
  readonly messages: readonly MaildropMessage[]
  readonly password?: string
  /** Null: says nothing, ever. */
  readonly greeting?: string | null
  /** Undefined: USER, UIDL, TOP, PIPELINING. */
  readonly capabilities?: readonly string[]
  /** Sends every reply in pieces of so many octets; a function: each of another size, and reads so too. */
  readonly pieceOctets?: number | (() => number)
  /** Waits so long before each RETR reply. */
  readonly delayMs?: number
  /** Answers a command that begins so with exactly this, CRLF included by the script. */
  readonly answers?: Readonly<Record<string, string>>
  /** Says nothing to a command that begins so. */
  readonly silentOn?: string
  /** Drops the connection at a command that begins so. */
  readonly dropOn?: string
  /** Drops the connection after this many octets of a RETR reply. */
  readonly dropAfterOctets?: number
  /** Sends no more than this many octets of a RETR reply, and then nothing any more. */
  readonly silentAfterOctets?: number
  /** Sends messages without byte-stuffing, as some servers do. */
  readonly unstuffed?: boolean
  /** Carries out DELE, and then drops the line at QUIT. */
  readonly dropAtQuit?: boolean
  readonly tls?: { readonly cert: string; readonly key: string }
}

export interface ScriptedServer {
  readonly port: number
  /** As received, PASS masked. */
  readonly commands: string[]
  /** The most commands that were ever waiting unanswered. */
  readonly pipelinedMax: () => number
  /** What is left in the maildrop. */
  readonly maildrop: () => readonly MaildropMessage[]
  close(): Promise<void>
}

/** @param port of a server that was closed: as if it had mended its ways. */
export async function startPop3Server(behaviour: Behaviour, port = 0): Promise<ScriptedServer> {
  let maildrop = [...behaviour.messages]
  const commands: string[] = []
  const sockets = new Set<Socket>()
  let pipelinedMax = 0
  const serve = (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.setNoDelay(true).on('error', () => {})
    const session = new Session(behaviour, maildrop, (left) => {
      maildrop = left
    })
    let rest = ''
    if (behaviour.greeting === null) return
    send(socket, Buffer.from(`${behaviour.greeting ?? '+OK ready'}\r\n`, 'latin1'), behaviour)
    const receive = (chunk: Buffer) => {
      const lines = (rest + chunk.toString('utf8')).split('\r\n')
      rest = lines.pop() ?? ''
      pipelinedMax = Math.max(pipelinedMax, lines.length)
      for (const line of lines) {
        commands.push(line.replace(/^PASS .*/, 'PASS ***'))
        if (behaviour.silentOn !== undefined && line.startsWith(behaviour.silentOn)) return
        if (behaviour.dropOn !== undefined && line.startsWith(behaviour.dropOn)) {
          socket.destroy()
          return
        }
        const reply = session.answer(line)
        if (line.startsWith('RETR') && behaviour.dropAfterOctets !== undefined) {
          socket.end(reply.subarray(0, behaviour.dropAfterOctets))
          return
        }
        if (line.startsWith('RETR') && behaviour.silentAfterOctets !== undefined) {
          socket.write(reply.subarray(0, behaviour.silentAfterOctets))
          return
        }
        if (line === 'QUIT' && behaviour.dropAtQuit) {
          socket.destroy()
          return
        }
        if (line.startsWith('RETR') && behaviour.delayMs !== undefined) {
          setTimeout(() => send(socket, reply, behaviour), behaviour.delayMs)
          continue
        }
        send(socket, reply, behaviour)
        if (line === 'QUIT') endAfterPieces(socket)
      }
    }
    socket.on('data', (chunk: Buffer) => {
      const { pieceOctets } = behaviour
      if (typeof pieceOctets !== 'function') return receive(chunk)
      for (const piece of piecesOf(chunk, pieceOctets)) receive(piece)
    })
  }
  const server: Server = behaviour.tls === undefined ? createServer(serve) : createTlsServer(behaviour.tls, serve)
  server.on('tlsClientError', () => {})
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    commands,
    pipelinedMax: () => pipelinedMax,
    maildrop: () => maildrop,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** One login: what it shows stays as it was at the beginning, and DELE takes effect at QUIT (RFC 1939 section 6). */
class Session {
  readonly #behaviour: Behaviour
  readonly #held: readonly MaildropMessage[]
  readonly #marked = new Set<MaildropMessage>()
  readonly #update: (left: MaildropMessage[]) => void

  constructor(behaviour: Behaviour, held: readonly MaildropMessage[], update: (left: MaildropMessage[]) => void) {
    this.#behaviour = behaviour
    this.#held = [...held]
    this.#update = update
  }

  answer(line: string): Buffer {
    const given = Object.entries(this.#behaviour.answers ?? {}).find(([command]) => line.startsWith(command))
    if (given !== undefined) return Buffer.from(given[1], 'latin1')
    const [verb = '', argument] = line.split(' ')
    switch (verb) {
      case 'CAPA':
        return listing(this.#behaviour.capabilities ?? ['USER', 'UIDL', 'TOP', 'PIPELINING'])
      case 'PASS':
        return status(line.slice(5) === (this.#behaviour.password ?? 'secret'), 'logged in')
      case 'USER':
      case 'NOOP':
      case 'UTF8':
        return status(true, 'fine')
      case 'STAT':
        return status(true, `${this.#left.length} ${this.#left.reduce((sum, [, { bytes }]) => sum + bytes.length, 0)}`)
      case 'UIDL':
        return this.#scan(argument, (number, { uidl }) => `${number} ${uidl ?? `uidl-${number}`}`)
      case 'LIST':
        return this.#scan(argument, (number, { bytes, size }) => `${number} ${size ?? bytes.length}`)
      case 'RETR':
      case 'TOP':
        return this.#body(Number(argument), verb === 'TOP')
      case 'DELE': {
        const message = this.#message(Number(argument))
        if (message !== undefined) this.#marked.add(message)
        return status(message !== undefined, 'marked')
      }
      case 'QUIT':
        this.#update(this.#held.filter((message) => !this.#marked.has(message)))
        return status(true, 'bye')
      default:
        return status(false, 'unknown command')
    }
  }

  get #left(): [number, MaildropMessage][] {
    return this.#held.flatMap((message, nth) => (this.#marked.has(message) ? [] : [[nth + 1, message]]))
  }

  #message(number: number): MaildropMessage | undefined {
    return this.#left.find(([held]) => held === number)?.[1]
  }

  #scan(argument: string | undefined, line: (number: number, message: MaildropMessage) => string): Buffer {
    if (argument === undefined) return listing(this.#left.map(([number, message]) => line(number, message)))
    const message = this.#message(Number(argument))
    return status(message !== undefined, message === undefined ? 'no such message' : line(Number(argument), message))
  }

  #body(number: number, headerOnly: boolean): Buffer {
    const message = this.#message(number)
    if (message === undefined) return status(false, 'no such message')
    const end = message.bytes.indexOf('\r\n\r\n')
    const bytes = headerOnly && end !== -1 ? message.bytes.subarray(0, end + 4) : message.bytes
    const text = bytes.toString('latin1')
    const sent = this.#behaviour.unstuffed ? text : text.replace(/(^|\r\n)\./g, '$1..')
    const close = text === '' || text.endsWith('\r\n') ? '.\r\n' : '\r\n.\r\n'
    return Buffer.from(`+OK ${bytes.length} octets\r\n${sent}${close}`, 'latin1')
  }
}

function status(ok: boolean, text: string): Buffer {
  return Buffer.from(`${ok ? '+OK' : '-ERR'} ${text}\r\n`, 'latin1')
}

function listing(lines: readonly string[]): Buffer {
  return Buffer.from(`+OK\r\n${lines.map((line) => `${line}\r\n`).join('')}.\r\n`, 'latin1')
}

function send(socket: Socket, reply: Buffer, { pieceOctets }: Behaviour): void {
  if (pieceOctets === undefined) {
    socket.write(reply)
    return
  }
  if (typeof pieceOctets === 'function') return sendInPieces(socket, reply, pieceOctets)
  for (let at = 0; at < reply.length; at += pieceOctets) socket.write(reply.subarray(at, at + pieceOctets))
}
