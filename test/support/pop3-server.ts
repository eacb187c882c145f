/** A POP3 server that does what a test says: its faults are data, so that a test reads as the story of one bad server. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createSecureContext, createServer as createTlsServer, TLSSocket } from 'node:tls'
import { endAfterPieces, piecesOf, sendInPieces } from './pieces.ts'
import { closerOf } from './closing.ts'
import { PlayedExchange, type Plays } from './sasl-server.ts'

export interface MaildropMessage {
  readonly bytes: Buffer
  /** The UIDL of the message. Undefined: it is made from the message's place. Empty: the server sends a blank one. */
  readonly uidl?: string
  /** The size that LIST gives, if it is not the true one. */
  readonly size?: number
  /** The octets that end the message on the wire. By default these are the lone dot, and before it a CRLF if the message has none at its end. */
  readonly end?: string
}

export interface Behaviour {
  readonly messages: readonly MaildropMessage[]
  /** The differences at the first connection, at the second one and so on; the last entry holds for all later connections. */
  readonly connections?: readonly Partial<Behaviour>[]
  /** The differences at the nth connection, from 0 on, decided when it is made. */
  readonly atConnection?: (nth: number) => Partial<Behaviour>
  readonly password?: string
  /** The greeting; null: the server never says anything. */
  readonly greeting?: string | null
  /** The capabilities; undefined: USER, UIDL, TOP, PIPELINING. */
  readonly capabilities?: readonly string[]
  /** The capabilities after STLS, if they differ. */
  readonly capabilitiesSecured?: readonly string[]
  /** The capabilities after the login, if they differ. */
  readonly capabilitiesLoggedIn?: readonly string[]
  readonly user?: string
  /** The exchanges of AUTH, if not those of PLAIN alone. */
  readonly authenticates?: Plays
  /** The line with which it asks for the response to AUTH PLAIN. */
  readonly challenge?: string
  /** Sends every reply in pieces of this many octets. If it is a function, each piece has another size, and reads are cut in the same way. */
  readonly pieceOctets?: number | (() => number)
  /** Waits this long before each RETR reply. */
  readonly delayMs?: number
  /** Answers a command that begins with the key by exactly this text; the text must contain its own CRLF. */
  readonly answers?: Readonly<Record<string, string>>
  /** Does not answer a command that begins with this. */
  readonly silentOn?: string
  /** Drops the connection at a command that begins with this. */
  readonly dropOn?: string
  /** Answers a command that begins with this, and hangs up. */
  readonly hangsUpAfter?: string
  /** Hangs up after its answer if this says so. */
  readonly hangsUp?: () => boolean
  /** Drops the connection at the nth RETR of each session, counted from 1. */
  readonly dropAtRetr?: number
  /** Drops the connection when this many octets of RETR replies have been sent in a session. */
  readonly dropAfterRetrieved?: number
  /** Drops the connection after this many octets of a RETR reply. */
  readonly dropAfterOctets?: number
  /** Sends no more than this many octets of a RETR reply, and then nothing more. */
  readonly silentAfterOctets?: number
  /** Changes a reply on its way; it is given the command too, for the greeting `greeting`. */
  readonly mangles?: (reply: Buffer, command: string) => Buffer
  /** Ends every line that it sends in LF, those of messages and the greeting too. */
  readonly endsLinesInLf?: boolean
  /** Sends messages without byte-stuffing, as some servers do. */
  readonly unstuffed?: boolean
  /** The text that TOP shows of a message, if it is not the header. */
  readonly topShows?: (message: string) => string
  /** Carries out DELE, and then drops the connection at QUIT. */
  readonly dropAtQuit?: boolean
  /** Carries out DELE, and then answers QUIT with this. */
  readonly quitSays?: string
  /** DELE takes effect at once. */
  readonly deletesAtOnce?: boolean
  /** Says +OK to DELE and to QUIT, and keeps everything. */
  readonly keepsDeleted?: boolean
  /** The answer to DELE of a message that was not retrieved in the same session. */
  readonly refusesUnread?: string
  /** Hides retrieved messages at later connections: after a QUIT, or with 'at once' in any case. */
  readonly hidesRetrieved?: boolean | 'at once'
  /** Shows at most this many messages, the first ones. */
  readonly showsAtMost?: number
  /** Mail that arrives after the first answer to a command that begins with `on`. It is shown at once, in front of the other messages or behind them. */
  readonly arrives?: {
    readonly after: string
    readonly where: 'in front' | 'behind'
    readonly messages: readonly MaildropMessage[]
  }
  /** Answers a command that begins with `on` by `begins`, and then by `goesOn` again and again for as long as somebody listens. */
  readonly endless?: { readonly on: string; readonly begins: string; readonly goesOn: string }
  /** Answers a command that begins with `on` a few octets at a time; without `octets`, one at a time. */
  readonly trickle?: { readonly on: string; readonly everyMs: number; readonly octets?: number }
  /** Answers a command that begins with `on`, and all that follow, once `until` has resolved. */
  readonly holds?: { readonly on: string; readonly until: Promise<unknown> }
  readonly tls?: ServerTls
  /** The TLS that STLS begins; undefined: there is no STLS. */
  readonly stls?: ServerTls
  /** Ends the connections that have resumed a session of TLS, or says nothing there. */
  readonly onResumed?: 'ends' | 'is silent'
  /** Throws away all commands that arrive together except the first. */
  readonly dropsPipelined?: boolean
  /** The address at which it listens. */
  readonly address?: string
}

export interface ServerTls {
  readonly cert: string
  readonly key: string
  /** The newest version of TLS that it speaks. */
  readonly maxVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'
  readonly minVersion?: 'TLSv1'
  /** OpenSSL's list of ciphers, with its security level. */
  readonly ciphers?: string
}

export interface ScriptedServer {
  readonly port: number
  /** The commands that it received, with PASS masked. */
  readonly commands: string[]
  /** For each TLS connection: whether it resumed an earlier session. */
  readonly resumed: boolean[]
  /** The names that clients asked for (SNI). */
  readonly asked: (string | undefined)[]
  /** The largest number of commands that were ever waiting for an answer. */
  readonly pipelinedMax: () => number
  /** The messages that are left in the maildrop. */
  readonly maildrop: () => readonly MaildropMessage[]
  /** Puts a message into the maildrop, which later connections see. */
  deliver(message: MaildropMessage): void
  close(): Promise<void>
}

/** @param port may be that of a server that was closed: the new server then seems to be the same one without its faults. */
export async function startPop3Server(usual: Behaviour, port = 0): Promise<ScriptedServer> {
  let maildrop = [...usual.messages]
  let connections = 0
  const commands: string[] = []
  const resumed: boolean[] = []
  const asked: (string | undefined)[] = []
  const secureContext = usual.stls && createSecureContext(usual.stls)
  let pipelinedMax = 0
  const secured = (socket: TLSSocket) => {
    resumed.push(socket.isSessionReused())
    asked.push((socket as TLSSocket & { servername?: string | false }).servername || undefined)
  }
  const serve = (accepted: Socket) => {
    let socket = accepted
    const listed = usual.connections?.[Math.min(connections, usual.connections.length - 1)]
    const here: Partial<Behaviour> = { ...listed, ...usual.atConnection?.(connections) }
    const behaviour: Behaviour = { ...usual, ...here }
    connections += 1
    if (here.messages !== undefined) maildrop = [...here.messages]
    if (socket instanceof TLSSocket) secured(socket)
    socket.setNoDelay(true).on('error', () => {})
    if (socket instanceof TLSSocket && behaviour.onResumed !== undefined && socket.isSessionReused()) {
      if (behaviour.onResumed === 'ends') socket.destroy()
      return
    }
    const session = new Session(behaviour, maildrop, (gone) => {
      maildrop = maildrop.filter((message) => !gone.has(message))
    })
    let rest = ''
    let retrieves = 0
    let retrieved = 0
    let arriving = behaviour.arrives
    if (behaviour.greeting === null) return
    const greeting = Buffer.from(`${behaviour.greeting ?? '+OK ready'}\r\n`, 'latin1')
    send(socket, behaviour.mangles?.(greeting, 'greeting') ?? greeting, behaviour)
    let isBusy = false
    const receive = (chunk: Buffer) => {
      if (isBusy) {
        rest += chunk.toString('utf8')
        return
      }
      const lines = (rest + chunk.toString('utf8')).split('\r\n')
      rest = lines.pop() ?? ''
      pipelinedMax = Math.max(pipelinedMax, lines.length)
      if (behaviour.dropsPipelined) lines.splice(1)
      for (const [nth, line] of lines.entries()) {
        commands.push(masked(line))
        if (behaviour.silentOn !== undefined && line.startsWith(behaviour.silentOn)) return
        if (behaviour.dropOn !== undefined && line.startsWith(behaviour.dropOn)) {
          socket.destroy()
          return
        }
        if (line.startsWith('RETR') && (retrieves += 1) === behaviour.dropAtRetr) {
          socket.end()
          return
        }
        const answer = session.answer(line)
        const reply = behaviour.mangles?.(answer, line) ?? answer
        if (line.startsWith('RETR') && (retrieved += reply.length) > (behaviour.dropAfterRetrieved ?? Infinity)) {
          socket.end(reply.subarray(0, reply.length + (behaviour.dropAfterRetrieved ?? 0) - retrieved))
          return
        }
        if (line.startsWith('RETR') && behaviour.dropAfterOctets !== undefined) {
          socket.end(reply.subarray(0, behaviour.dropAfterOctets))
          return
        }
        if (line.startsWith('RETR') && behaviour.silentAfterOctets !== undefined) {
          socket.write(reply.subarray(0, behaviour.silentAfterOctets))
          return
        }
        const { hangsUpAfter } = behaviour
        if ((hangsUpAfter !== undefined && line.startsWith(hangsUpAfter)) || behaviour.hangsUp?.()) {
          socket.end(reply)
          return
        }
        if (line === 'QUIT' && behaviour.dropAtQuit) {
          socket.destroy()
          return
        }
        if (behaviour.endless !== undefined && line.startsWith(behaviour.endless.on)) {
          void goOn(socket, behaviour.endless)
          return
        }
        const slowly = sentSlowly(socket, line, reply, behaviour)
        if (slowly !== undefined) {
          isBusy = true
          rest = [...lines.slice(nth + 1), rest].join('\r\n')
          void slowly.then(() => {
            isBusy = false
            receive(Buffer.alloc(0))
          })
          return
        }
        if (line.startsWith('RETR') && behaviour.delayMs !== undefined) {
          setTimeout(() => send(socket, reply, behaviour), behaviour.delayMs)
          continue
        }
        send(socket, reply, behaviour)
        if (arriving !== undefined && line.startsWith(arriving.after)) {
          session.arrive(arriving)
          maildrop.push(...arriving.messages)
          arriving = undefined
        }
        if (line === 'QUIT') endAfterPieces(socket)
        if (line === 'STLS' && secureContext !== undefined && /^\s*\+OK/.test(reply.toString())) {
          socket.off('data', receiveInPieces)
          const upgraded = new TLSSocket(socket, { isServer: true, secureContext })
          upgraded
            .on('secure', () => {
              secured(upgraded)
              if (behaviour.onResumed === 'ends' && upgraded.isSessionReused()) upgraded.destroy()
            })
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
  const server: Server = usual.tls === undefined ? createServer(serve) : createTlsServer(usual.tls, serve)
  server.on('tlsClientError', () => {})
  const close = closerOf(server)
  server.listen(port, usual.address ?? '127.0.0.1')
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
    deliver: (message) => void maildrop.push(message),
    close,
  }
}

/** A login: it always shows the maildrop as it was at the beginning, and DELE takes effect at QUIT (RFC 1939 section 6). */
class Session {
  readonly #behaviour: Behaviour
  #held: readonly MaildropMessage[]
  readonly #marked = new Set<MaildropMessage>()
  readonly #retrieved = new Set<MaildropMessage>()
  /** True after STLS. */
  secured = false
  #loggedIn = false
  #challenged = false
  #exchange: PlayedExchange | undefined
  readonly #remove: (gone: ReadonlySet<MaildropMessage>) => void

  constructor(
    behaviour: Behaviour,
    held: readonly MaildropMessage[],
    remove: (gone: ReadonlySet<MaildropMessage>) => void,
  ) {
    this.#behaviour = behaviour
    this.#held = held.slice(0, behaviour.showsAtMost)
    this.#remove = remove
  }

  arrive({ where, messages }: NonNullable<Behaviour['arrives']>): void {
    this.#held = where === 'in front' ? [...messages, ...this.#held] : [...this.#held, ...messages]
  }

  answer(line: string): Buffer {
    const given = Object.entries(this.#behaviour.answers ?? {}).find(([command]) => line.startsWith(command))
    if (given !== undefined) return Buffer.from(given[1], 'latin1')
    if (this.#challenged) return this.#authenticated(line)
    if (this.#exchange !== undefined) return this.#goOn(this.#exchange, line)
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
        if (this.#behaviour.authenticates !== undefined) return this.#play(argument, response)
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
        const { refusesUnread } = this.#behaviour
        if (message !== undefined && refusesUnread !== undefined && !this.#retrieved.has(message))
          return Buffer.from(`${refusesUnread}\r\n`, 'latin1')
        if (message !== undefined) this.#marked.add(message)
        if (message !== undefined && this.#behaviour.deletesAtOnce) this.#remove(new Set([message]))
        return status(message !== undefined, 'marked')
      }
      case 'QUIT':
        if (!this.#behaviour.keepsDeleted) this.#remove(this.#marked)
        if (this.#behaviour.hidesRetrieved) this.#remove(this.#retrieved)
        return Buffer.from(`${this.#behaviour.quitSays ?? '+OK bye'}\r\n`, 'latin1')
      default:
        return status(false, 'unknown command')
    }
  }

  #play(mechanism = '', initial: string | undefined): Buffer {
    const played = this.#behaviour.authenticates?.(mechanism, initial)
    return played === undefined
      ? status(false, 'Unsupported authentication mechanism.')
      : this.#goOn(new PlayedExchange(played), '')
  }

  #goOn(exchange: PlayedExchange, response: string): Buffer {
    const said = exchange.hear(response)
    this.#exchange = 'says' in said ? exchange : undefined
    if ('says' in said) return Buffer.from(`${said.says}\r\n`, 'latin1')
    if (said.result === '') return Buffer.alloc(0)
    this.#loggedIn = said.result === 'OK'
    return status(this.#loggedIn, this.#loggedIn ? 'logged in' : said.result.replace(/^(?:NO|BAD|\* BYE) /, ''))
  }

  /** Reads the response of RFC 4616: NUL, user, NUL, password. */
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
    const { topShows = headerOf, unstuffed } = this.#behaviour
    const whole = message.bytes.toString('latin1')
    const text = headerOnly ? topShows(whole) : whole
    if (!headerOnly) this.#retrieved.add(message)
    if (!headerOnly && this.#behaviour.hidesRetrieved === 'at once') this.#remove(new Set([message]))
    const sent = unstuffed ? text : text.replace(/(^|\r\n)\./g, '$1..')
    const due = text === '' || text.endsWith('\r\n') ? '.\r\n' : '\r\n.\r\n'
    return Buffer.from(`+OK ${text.length} octets\r\n${sent}${(headerOnly ? undefined : message.end) ?? due}`, 'latin1')
  }
}

function headerOf(message: string): string {
  const end = message.indexOf('\r\n\r\n')
  return end === -1 ? message : message.slice(0, end + 4)
}

/** Gives the line without its secrets. */
function masked(line: string): string {
  return line.replace(/^(PASS|AUTH PLAIN) .*/, '$1 ***').replace(/^[A-Za-z0-9+/=]{12,}$/, '***')
}

function status(ok: boolean, text: string): Buffer {
  return Buffer.from(`${ok ? '+OK' : '-ERR'} ${text}\r\n`, 'latin1')
}

function listing(lines: readonly string[]): Buffer {
  return Buffer.from(`+OK\r\n${lines.map((line) => `${line}\r\n`).join('')}.\r\n`, 'latin1')
}

function send(socket: Socket, told: Buffer, { pieceOctets, endsLinesInLf }: Behaviour): void {
  const reply = endsLinesInLf ? Buffer.from(told.toString('latin1').replaceAll('\r\n', '\n'), 'latin1') : told
  if (pieceOctets === undefined) {
    socket.write(reply)
    return
  }
  if (typeof pieceOctets === 'function') return sendInPieces(socket, reply, pieceOctets)
  for (let at = 0; at < reply.length; at += pieceOctets) socket.write(reply.subarray(at, at + pieceOctets))
}

async function goOn(socket: Socket, { begins, goesOn }: NonNullable<Behaviour['endless']>): Promise<void> {
  socket.write(Buffer.from(begins, 'latin1'))
  const more = Buffer.from(goesOn, 'latin1')
  while (!socket.destroyed) await new Promise((resolve) => socket.write(more, resolve))
}

/** @returns undefined if the answer to this command takes no time. */
function sentSlowly(socket: Socket, line: string, reply: Buffer, behaviour: Behaviour): Promise<void> | undefined {
  if (behaviour.trickle !== undefined && line.startsWith(behaviour.trickle.on))
    return trickle(socket, reply, behaviour.trickle)
  if (behaviour.holds !== undefined && line.startsWith(behaviour.holds.on))
    return behaviour.holds.until.then(() => send(socket, reply, behaviour))
  return undefined
}

async function trickle(
  socket: Socket,
  reply: Buffer,
  { everyMs, octets = 1 }: NonNullable<Behaviour['trickle']>,
): Promise<void> {
  const beganMs = performance.now()
  for (let at = 0; at < reply.length && !socket.destroyed; ) {
    // It keeps its rate where timers come late.
    const due = octets * (1 + Math.floor((performance.now() - beganMs) / Math.max(1, everyMs)))
    socket.write(reply.subarray(at, Math.max(due, at + octets)))
    at = Math.max(due, at + octets)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
