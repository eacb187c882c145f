/** An IMAP store that does as it is told (RFC 9051, as much of it as a gateway uses): how it misbehaves is data. */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import { endAfterPieces, piecesOf, sendInPieces } from './pieces.ts'

export interface StoredMessage {
  readonly folder: string
  readonly flags: string
  readonly date: string
  /** Sent as literal8 (RFC 3516). */
  readonly binary: boolean
  readonly literal: Buffer
}

export interface StoreBehaviour {
  /** After login; undefined: all that helps. */
  readonly capabilities?: readonly string[]
  /** Before login, where they differ; and before TLS. */
  readonly capabilitiesBeforeLogin?: readonly string[]
  readonly capabilitiesInClear?: readonly string[]
  readonly greeting?: string
  /** From the first byte, or by STARTTLS. */
  readonly tls?: { readonly mode: 'implicit' | 'starttls'; readonly cert: string; readonly key: string }
  /** Said in the same breath as the OK to STARTTLS. */
  readonly injects?: string
  readonly password?: string
  /** Parts the levels of a folder's name. */
  readonly separator?: string
  /** What the names of people's folders begin with. */
  readonly prefix?: string
  /** Answers a command of this verb with exactly this, `TAG` being its tag; null: says nothing. */
  readonly answers?: Readonly<Record<string, string | null>>
  /** Of a folder, in octets (RFC 7889), told by STATUS. */
  readonly folderLimits?: Readonly<Record<string, number>>
  /** The tagged answer to an append, without its tag, if not OK. Nothing is stored then. */
  readonly refuses?: (messages: readonly StoredMessage[]) => string | undefined
  /** The tagged answer in place of a continuation request. */
  readonly refusesLiteral?: (octets: number) => string | undefined
  /** Said to an append in place of an answer, before it hangs up. */
  readonly bye?: string
  /** Said after the refusal of an append, before it hangs up. */
  readonly byeAfterRefusal?: string
  /** Stores an append, and drops the connection in place of the OK; the first so many times. */
  readonly losesAnswers?: number
  /** Drops the connection in the middle of a literal; the first so many times. */
  readonly dropsInLiteral?: number
  /** Says nothing to an append. */
  readonly silent?: boolean
  /** Octets of each piece in which it reads and writes; undefined: as they come. */
  readonly pieceOctets?: () => number
}

export interface ScriptedStore {
  readonly port: number
  readonly stored: StoredMessage[]
  readonly folders: Set<string>
  readonly subscribed: Set<string>
  /** Verbs as received, in their order. */
  readonly verbs: string[]
  /** Sizes of literals, as they were announced: `{10}`, `{10+}`, `~{10}`. */
  readonly literals: string[]
  readonly connections: () => number
  /** Resolves when nobody is connected any more. */
  left(): Promise<void>
  close(): Promise<void>
}

const uidValidity = 4711
const usual = ['IMAP4rev1', 'LITERAL+', 'MULTIAPPEND', 'UIDPLUS', 'BINARY', 'ID', 'NAMESPACE']

export async function startImapServer(behaviour: StoreBehaviour = {}, port = 0): Promise<ScriptedStore> {
  const sockets = new Set<Socket>()
  let connections = 0
  const state: State = {
    behaviour,
    stored: [],
    folders: new Set(['INBOX']),
    subscribed: new Set(),
    verbs: [],
    literals: [],
    lost: behaviour.losesAnswers ?? 0,
    dropped: behaviour.dropsInLiteral ?? 0,
  }
  const serve = (socket: Socket) => {
    connections += 1
    sockets.add(socket)
    socket
      .setNoDelay(true)
      .on('error', () => {})
      .on('close', () => sockets.delete(socket))
    const session = new Session(socket, state)
    session.listen(socket)
    socket.write(`${behaviour.greeting ?? '* OK ready'}\r\n`)
  }
  const { tls } = behaviour
  const server = tls?.mode === 'implicit' ? createTlsServer(tls, serve) : createServer(serve)
  server.on('tlsClientError', () => {})
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  // A test that failed before it closed this one must end all the same.
  server.unref()
  return {
    port: (server.address() as AddressInfo).port,
    ...state,
    connections: () => connections,
    async left() {
      await Promise.all([...sockets].map(async (socket) => await once(socket, 'close')))
    },
    async close() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

interface State {
  readonly behaviour: StoreBehaviour
  readonly stored: StoredMessage[]
  readonly folders: Set<string>
  readonly subscribed: Set<string>
  readonly verbs: string[]
  readonly literals: string[]
  lost: number
  dropped: number
}

/** One command: its text with literals taken out, each leaving `{}` or, for a literal8, `~{}` behind. */
class Session {
  #socket: Socket
  readonly #state: State
  #secure: boolean
  #authenticated = false
  #line = Buffer.alloc(0)
  #text = ''
  #literals: Buffer[] = []
  /** The literal that is being read: its pieces, and how many octets are still to come. */
  #pieces: Buffer[] = []
  #missing = 0
  #folder = ''

  constructor(socket: Socket, state: State) {
    this.#socket = socket
    this.#state = state
    this.#secure = socket instanceof TLSSocket
  }

  listen(socket: Socket): void {
    const { pieceOctets } = this.#state.behaviour
    socket.on('data', (chunk: Buffer) => {
      for (const piece of piecesOf(chunk, pieceOctets ?? (() => chunk.length))) {
        if (!socket.destroyed) this.#push(piece)
      }
    })
  }

  #push(chunk: Buffer): void {
    let rest = chunk
    while (rest.length > 0) {
      if (this.#missing > 0) {
        if (this.#state.dropped > 0) {
          this.#state.dropped -= 1
          this.#socket.destroy()
          return
        }
        const part = rest.subarray(0, this.#missing)
        this.#pieces.push(part)
        this.#missing -= part.length
        rest = rest.subarray(part.length)
        if (this.#missing === 0) this.#endLiteral()
        continue
      }
      const end = rest.indexOf('\n')
      this.#line = Buffer.concat([this.#line, rest.subarray(0, end === -1 ? rest.length : end + 1)])
      if (end === -1) return
      rest = rest.subarray(end + 1)
      const line = this.#line.toString('latin1').replace(/\r\n$/, '')
      this.#line = Buffer.alloc(0)
      this.#read(line)
    }
  }

  #read(line: string): void {
    const literal = /(~?)\{(\d+)(\+?)\}$/.exec(line)
    if (literal === null) {
      const [text, literals] = [this.#text + line, this.#literals]
      this.#text = ''
      this.#literals = []
      this.#answer(text, literals)
      return
    }
    const [announced = '', , digits, plus] = literal
    const octets = Number(digits)
    this.#state.literals.push(announced)
    const tag = (this.#text + line).split(' ', 1)[0] ?? ''
    const { behaviour } = this.#state
    const offered = behaviour.capabilities ?? usual
    if (plus === '+') {
      const allowed =
        offered.includes('LITERAL+') ||
        (offered.some((one) => one === 'LITERAL-' || one === 'IMAP4rev2') && octets <= 4096)
      // RFC 7888 section 5: what follows can no longer be told from commands.
      if (!allowed) return void this.#socket.end(`* BYE literal of ${octets} octets was not asked for\r\n`)
    } else {
      const refusal = behaviour.refusesLiteral?.(octets)
      if (refusal !== undefined) {
        this.#text = ''
        this.#literals = []
        this.#send(`${tag} ${refusal}`)
        return
      }
      this.#send('+ go on')
    }
    this.#text += `${line.slice(0, literal.index)}${literal[1]}{}`
    this.#missing = octets
    if (octets === 0) this.#endLiteral()
  }

  #endLiteral(): void {
    this.#literals.push(Buffer.concat(this.#pieces))
    this.#pieces = []
  }

  #send(...lines: string[]): void {
    if (this.#socket.destroyed) return
    const said = Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'latin1')
    const { pieceOctets } = this.#state.behaviour
    if (pieceOctets === undefined) this.#socket.write(said)
    else sendInPieces(this.#socket, said, pieceOctets)
  }

  get #capabilities(): readonly string[] {
    const { behaviour } = this.#state
    const starttls = behaviour.tls?.mode === 'starttls' && !this.#secure ? ['STARTTLS'] : []
    const after = behaviour.capabilities ?? usual
    if (this.#authenticated) return after
    if (!this.#secure && behaviour.capabilitiesInClear !== undefined) return behaviour.capabilitiesInClear
    return [...(behaviour.capabilitiesBeforeLogin ?? after), ...starttls]
  }

  #answer(text: string, literals: Buffer[]): void {
    const { behaviour, folders, subscribed, verbs } = this.#state
    const { separator = '/', prefix = '' } = behaviour
    const [tag = '', first = '', ...rest] = text.split(' ')
    const verb = first.toUpperCase() === 'UID' ? `UID ${rest[0]}` : first.toUpperCase()
    const name = nameIn(text.slice(tag.length + first.length + 2))
    verbs.push(verb)
    const ok = (...untagged: string[]) => this.#send(...untagged, `${tag} OK done`)
    const given = behaviour.answers?.[verb]
    if (given === null) return
    if (given !== undefined) return this.#send(given.replaceAll('TAG', tag))
    switch (verb) {
      case 'CAPABILITY':
        return ok(`* CAPABILITY ${this.#capabilities.join(' ')}`)
      case 'STARTTLS':
        return this.#startTls(tag)
      case 'LOGIN':
        return this.#login(tag, rest[1]?.replaceAll('"', ''))
      case 'AUTHENTICATE':
        this.#send('+ ')
        this.#text = `${tag} PLAIN `
        return
      case 'PLAIN':
        return this.#login(
          tag,
          Buffer.from(rest[0] ?? '', 'base64')
            .toString()
            .split('\0')[2],
        )
      case 'ID':
        return ok('* ID ("name" "Scripted" "version" "1")')
      case 'NAMESPACE':
        return ok(`* NAMESPACE (("${prefix}" "${separator}")) NIL NIL`)
      case 'LIST': {
        if (text.endsWith('"" ""')) return ok(`* LIST (\\Noselect) "${separator}" "${prefix}"`)
        return ok(...[...folders].filter(listed(text)).map((folder) => `* LIST () "${separator}" ${quoted(folder)}`))
      }
      case 'STATUS': {
        if (!folders.has(name)) return this.#send(`${tag} NO [NONEXISTENT] no such folder`)
        const limit = text.includes('APPENDLIMIT') ? ` APPENDLIMIT ${behaviour.folderLimits?.[name] ?? 'NIL'}` : ''
        return ok(`* STATUS ${quoted(name)} (UIDNEXT ${this.#count(name) + 1} UIDVALIDITY ${uidValidity}${limit})`)
      }
      case 'CREATE':
        folders.add(name)
        return ok()
      case 'SUBSCRIBE':
        subscribed.add(name)
        return ok()
      case 'SELECT':
      case 'EXAMINE': {
        if (!folders.has(name)) return this.#send(`${tag} NO [NONEXISTENT] no such folder`)
        this.#folder = name
        const count = this.#count(name)
        return ok(
          `* ${count} EXISTS`,
          '* FLAGS ()',
          `* OK [UIDVALIDITY ${uidValidity}] so`,
          `* OK [UIDNEXT ${count + 1}] so`,
        )
      }
      case 'UID FETCH':
      case 'FETCH':
        return this.#fetch(tag)
      case 'APPEND':
        return this.#append(tag, name, text, literals)
      case 'LOGOUT':
        ok('* BYE so long')
        endAfterPieces(this.#socket)
        return
      default:
        return ok()
    }
  }

  #count(name: string): number {
    return this.#state.stored.filter(({ folder }) => folder === name).length
  }

  #login(tag: string, password: string | undefined): void {
    this.#authenticated = password === (this.#state.behaviour.password ?? 'secret')
    this.#send(this.#authenticated ? `${tag} OK done` : `${tag} NO wrong`)
  }

  #startTls(tag: string): void {
    const { tls, injects = '' } = this.#state.behaviour
    const plain = this.#socket
    plain.removeAllListeners('data')
    plain.write(`${tag} OK begin\r\n${injects}`)
    const secured = new TLSSocket(plain, { isServer: true, ...tls })
    secured.on('error', () => plain.destroy())
    this.#socket = secured
    this.#secure = true
    this.listen(secured)
  }

  /** Every message of the folder: a client must do with more than it asked for. */
  #fetch(tag: string): void {
    const messages = this.#state.stored.filter(({ folder }) => folder === this.#folder)
    for (const [nth, { literal }] of messages.entries()) {
      const field = /^X-Tributary-Id: .*\r\n/im.exec(literal.toString('latin1'))?.[0] ?? ''
      const header = `${field}\r\n`
      this.#socket.write(
        `* ${nth + 1} FETCH (UID ${nth + 1} BODY[HEADER.FIELDS (X-TRIBUTARY-ID)] {${header.length}}\r\n${header})\r\n`,
      )
    }
    this.#socket.write(`${tag} OK done\r\n`)
  }

  #append(tag: string, folder: string, text: string, literals: readonly Buffer[]): void {
    const { behaviour, stored, folders } = this.#state
    const parts = [...text.matchAll(/(?:\(([^)]*)\) )?"([^"]+)" (~?)\{\}/g)]
    const messages = literals.map((literal, nth) => ({
      folder,
      flags: parts[nth]?.[1] ?? '',
      date: parts[nth]?.[2] ?? '',
      binary: parts[nth]?.[3] === '~',
      literal,
    }))
    if (behaviour.silent) return
    if (behaviour.bye !== undefined) return void this.#socket.end(`* BYE ${behaviour.bye}\r\n`)
    if (!folders.has(folder)) return this.#send(`${tag} NO [TRYCREATE] no such folder`)
    const refusal = behaviour.refuses?.(messages)
    if (refusal !== undefined) {
      this.#send(`${tag} ${refusal}`)
      if (behaviour.byeAfterRefusal !== undefined) this.#socket.end(`* BYE ${behaviour.byeAfterRefusal}\r\n`)
      return
    }
    const from = this.#count(folder) + 1
    stored.push(...messages)
    if (this.#state.lost > 0) {
      this.#state.lost -= 1
      this.#socket.destroy()
      return
    }
    const last = from + messages.length - 1
    const uids = last > from ? `${from}:${last}` : `${from}`
    const uidPlus = (behaviour.capabilities ?? usual).includes('UIDPLUS')
    this.#send(`${tag} OK ${uidPlus ? `[APPENDUID ${uidValidity} ${uids}] ` : ''}stored`)
  }
}

/** The first astring of a command's arguments (RFC 9051 section 9). */
function nameIn(text: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"/.exec(text)?.[1]
  return quoted === undefined ? (text.split(' ', 1)[0] ?? '') : quoted.replace(/\\(.)/g, '$1')
}

const quoted = (name: string) => `"${name.replace(/["\\]/g, '\\$&')}"`

/** RFC 9051 section 6.3.9, as far as a pattern is all folders or the name of one. */
function listed(command: string): (folder: string) => boolean {
  const pattern = nameIn(/^\S+ \S+ "[^"]*" (.*)$/.exec(command)?.[1] ?? '')
  return (folder) => pattern.endsWith('*') || pattern === folder
}
