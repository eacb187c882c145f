/** A POP3 server that does as it is told: how it misbehaves is data, so that a test reads as the story of one bad server. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createSecureContext, createServer as createTlsServer, TLSSocket } from 'node:tls'
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
  /** Once STLS is done, if others. */
  readonly capabilitiesSecured?: readonly string[]
  /** After the login, if others. */
  readonly capabilitiesLoggedIn?: readonly string[]
  readonly user?: string
  /** How it asks for the response to AUTH PLAIN. */
  readonly challenge?: string
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
  readonly tls?: ServerTls
  /** Carries out STLS. */
  readonly stls?: ServerTls
  /** Throws away all but the first of the commands that arrive together. */
  readonly dropsPipelined?: boolean
  /** Where it listens. */
  readonly address?: string
}

export interface ServerTls {
  readonly cert: string
  readonly key: string
  /** The newest version it speaks. */
  readonly maxVersion?: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'
}

export interface ScriptedServer {
  readonly port: number
  /** As received, PASS masked. */
  readonly commands: string[]
  /** For each TLS connection, whether it took up an earlier session. */
  readonly resumed: boolean[]
  /** The names that clients asked for (SNI). */
  readonly asked: (string | undefined)[]
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
  const resumed: boolean[] = []
  const asked: (string | undefined)[] = []
  const sockets = new Set<Socket>()
  const secureContext = behaviour.stls && createSecureContext(behaviour.stls)
  let pipelinedMax = 0
  const secured = (socket: TLSSocket) => {
    resumed.push(socket.isSessionReused())
    asked.push((socket as TLSSocket & { servername?: string | false }).servername || undefined)
  }
  const serve = (accepted: Socket) => {
    let socket = accepted
    if (socket instanceof TLSSocket) secured(socket)
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
      if (behaviour.dropsPipelined) lines.splice(1)
      for (const line of lines) {
        commands.push(masked(line))
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
        if (line === 'STLS' && secureContext !== undefined && reply.toString().startsWith('+OK')) {
          socket.off('data', receiveInPieces)
          const upgraded = new TLSSocket(socket, { isServer: true, secureContext })
          upgraded
            .on('secure', () => secured(upgraded))
            .on('error', () => {})
            .on('data', receiveInPieces)
          session.secured = true
          socket = upgraded
        }
      }
    }
    const receiveInPieces = (chunk: Buffer) => {
      const { pieceOctets } = behaviour
      if (typeof pieceOctets !== 'function') return receive(chunk)
      for (const piece of piecesOf(chunk, pieceOctets)) receive(piece)
    }
    socket.on('data', receiveInPieces)
  }
  const server: Server = behaviour.tls === undefined ? createServer(serve) : createTlsServer(behaviour.tls, serve)
  server.on('tlsClientError', () => {})
  server.listen(port, behaviour.address ?? '127.0.0.1')
  await once(server, 'listening')
  // A test that failed before it closed this one must end all the same.
  server.unref()
  return {
    port: (server.address() as AddressInfo).port,
    commands,
    resumed,
    asked,
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
  /** STLS is done. */
  secured = false
  #loggedIn = false
  #challenged = false
  readonly #update: (left: MaildropMessage[]) => void

  constructor(behaviour: Behaviour, held: readonly MaildropMessage[], update: (left: MaildropMessage[]) => void) {
    this.#behaviour = behaviour
    this.#held = [...held]
    this.#update = update
  }

  answer(line: string): Buffer {
    const given = Object.entries(this.#behaviour.answers ?? {}).find(([command]) => line.startsWith(command))
    if (given !== undefined) return Buffer.from(given[1], 'latin1')
    if (this.#challenged) return this.#authenticated(line)
    const [verb = '', argument, response] = line.split(' ')
    const { capabilities, capabilitiesLoggedIn, capabilitiesSecured, password, challenge } = this.#behaviour
    const usual = capabilities ?? ['USER', 'UIDL', 'TOP', 'PIPELINING']
    switch (verb) {
      case 'CAPA':
        if (this.#loggedIn) return listing(capabilitiesLoggedIn ?? usual)
        return listing(this.secured ? (capabilitiesSecured ?? usual) : usual)
      case 'STLS':
        return status(this.#behaviour.stls !== undefined, 'begin TLS')
      case 'PASS':
        this.#loggedIn = line.slice(5) === (password ?? 'secret')
        return status(this.#loggedIn, 'logged in')
      case 'AUTH':
        if (argument !== 'PLAIN') return status(false, 'no such mechanism')
        if (response !== undefined) return this.#authenticated(response)
        this.#challenged = true
        return Buffer.from(`${challenge ?? '+ '}\r\n`)
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

  /** RFC 4616: NUL, user, NUL, password. */
  #authenticated(response: string): Buffer {
    this.#challenged = false
    const { user = 'me', password = 'secret' } = this.#behaviour
    this.#loggedIn = Buffer.from(response, 'base64').toString() === `\0${user}\0${password}`
    return status(this.#loggedIn, this.#loggedIn ? 'logged in' : `cannot log in with ${response}`)
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

/** Without what nobody else is to see. */
function masked(line: string): string {
  return line.replace(/^(PASS|AUTH PLAIN) .*/, '$1 ***').replace(/^[A-Za-z0-9+/=]{12,}$/, '***')
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
