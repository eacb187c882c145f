/** An IMAP store that does what a test says (RFC 9051, as much of it as a gateway uses): its faults are data. */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import { endAfterPieces, piecesOf, sendInPieces } from './pieces.ts'
import { closerOf } from './closing.ts'
import { PlayedExchange, type Plays } from './sasl-server.ts'

export interface StoredMessage {
  readonly folder: string
  readonly uid: number
  readonly flags: string
  readonly date: string
  /** The message was sent as literal8 (RFC 3516). */
  readonly binary: boolean
  readonly literal: Buffer
}

type Answer = string | null | undefined

export interface StoreBehaviour {
  /** The capabilities after login; undefined: all that help. */
  readonly capabilities?: readonly string[]
  /** The capabilities before login, and before TLS, if they differ. */
  readonly capabilitiesBeforeLogin?: readonly string[]
  readonly capabilitiesInClear?: readonly string[]
  readonly greeting?: string
  /** TLS from the first byte, or by STARTTLS. */
  readonly tls?: {
    readonly mode: 'implicit' | 'starttls'
    readonly cert: string
    readonly key: string
    readonly maxVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2'
    readonly minVersion?: 'TLSv1'
    readonly ciphers?: string
  }
  /** Text that is sent together with the OK to STARTTLS. */
  readonly injects?: string
  readonly password?: string | (() => string)
  /** The exchanges of AUTHENTICATE, if not those of PLAIN alone. */
  readonly authenticates?: Plays
  /** The character between the levels of a folder's name. */
  readonly separator?: string
  /** The text with which the names of people's folders begin. */
  readonly prefix?: string
  /** Answers a command of this verb with exactly this text, in which `TAG` stands for its tag; null: says nothing; undefined: answers properly. */
  readonly answers?: Readonly<Record<string, Answer | ((command: string) => Answer)>>
  /** What it does behind an answer of `answers`, or behind its greeting. */
  readonly leaves?: (verb: string) => 'ends' | 'resets' | undefined
  /** What it does at a literal that is sent without being asked for: it takes the octets for commands, or hangs up. */
  readonly mindsLiteralPlus?: (octets: number) => 'BAD' | 'hangs up' | undefined
  /** Text that it sends when a literal is announced, in which `TAG` stands for the tag; it goes on reading. */
  readonly saysAtLiteral?: () => string
  /** Resets a connection once it has sent, or read, so many octets on it. */
  readonly resetsAfter?: { readonly sent?: number; readonly read?: number }
  /** Is called as soon as a command is complete, before anything else: it does what other clients do meanwhile. */
  readonly meanwhile?: (verb: string) => void
  /** Untagged lines, each with its CRLF, that come before the tagged answer to a command of this verb. */
  readonly chatter?: (verb: string) => string
  /** The limit of each folder, in octets (RFC 7889), as STATUS gives it. */
  readonly folderLimits?: Readonly<Record<string, number>>
  /** The tagged answer to an append, without its tag, if it is not OK. Then nothing is stored. */
  readonly refuses?: (messages: readonly StoredMessage[]) => string | undefined
  /** The tagged answer that comes in place of a continuation request. */
  readonly refusesLiteral?: (octets: number) => string | undefined
  /** The messages that it keeps of an append that it did not refuse; undefined: all of them, as RFC 3502 demands. */
  readonly keeps?: (messages: readonly StoredMessage[]) => readonly StoredMessage[]
  /** The answer, without its tag, that follows a stored append in place of OK; null: no answer at all. */
  readonly saysOfStored?: (messages: readonly StoredMessage[]) => string | null | undefined
  /** Answers a command of this verb with a line that never ends, one octet in each turn of the event loop; an APPEND is stored before that. */
  readonly drips?: (verb: string) => boolean
  /** The text that its APPENDUID has in place of the UIDs. */
  readonly appendUids?: (uids: readonly number[]) => string
  /** Shows new messages only to a session that says NOOP (Courier). */
  readonly showsAfterNoop?: boolean
  /** A BYE that it sends in place of an answer to an append, before it hangs up. */
  readonly bye?: string
  /** A BYE that it sends after the refusal of an append, before it hangs up. */
  readonly byeAfterRefusal?: string
  /** Stores an append, and drops the connection in place of the OK; it does so this many times. */
  readonly losesAnswers?: number
  /** When it loses an answer it goes away: it hangs up on every new connection until it comes back. */
  readonly goesAway?: boolean
  /** Drops the connection in the middle of a literal; it does so this many times. */
  readonly dropsInLiteral?: number
  /** The octets of a command's literals that it reads before it drops the connection, and its last words. */
  readonly dropsAfterOctets?: number
  readonly byeInLiteral?: string
  /** A BYE that it sends when a literal is announced; it goes on reading, and waits for the client to hang up. */
  readonly byeAtLiteral?: string
  /** Says nothing to an append. */
  readonly silent?: boolean
  /** The size of each piece in which it reads and writes, in octets; undefined: the pieces are as they come. */
  readonly pieceOctets?: () => number
}

export interface ScriptedStore {
  readonly port: number
  readonly stored: StoredMessage[]
  readonly folders: Set<string>
  readonly subscribed: Set<string>
  /** The verbs that it received, in their order. */
  readonly verbs: string[]
  /** The sizes of literals as they were announced: `{10}`, `{10+}`, `~{10}`. */
  readonly literals: string[]
  readonly connections: () => number
  /** Plays another client that moves these messages to a folder, which is made if it is not there. */
  move(which: (message: StoredMessage) => boolean, folder: string): void
  /** Plays another client that deletes these messages for good. */
  expunge(which: (message: StoredMessage) => boolean): void
  /** Gives a folder another name; its messages keep their UIDs. */
  rename(from: string, to: string): void
  /** Removes a folder with all its messages. */
  remove(folder: string): void
  /** Gives the messages of a folder other UIDs and another UIDVALIDITY. */
  renumber(folder: string): void
  /** Hangs up on every connection, and on every new one until it comes back. */
  goAway(): void
  comeBack(): void
  /** Ends every connection, with these words if any are given. */
  hangUp(bye?: string): Promise<void>
  /** Resolves when no client is connected any more. */
  left(): Promise<void>
  close(): Promise<void>
}

const usual = ['IMAP4rev1', 'LITERAL+', 'MULTIAPPEND', 'UIDPLUS', 'BINARY', 'ID', 'NAMESPACE']

export async function startImapServer(behaviour: StoreBehaviour = {}, port = 0): Promise<ScriptedStore> {
  const sockets = new Set<Socket>()
  let connections = 0
  const state = new State(behaviour)
  const serve = (socket: Socket) => {
    if (state.isAway) return void socket.destroy()
    connections += 1
    sockets.add(socket)
    socket
      .setNoDelay(true)
      .on('error', () => {})
      .on('close', () => sockets.delete(socket))
    const session = new Session(socket, state)
    session.listen(socket)
    socket.write(`${behaviour.greeting ?? '* OK ready'}\r\n`)
    const next = behaviour.leaves?.('GREETING')
    if (next === 'ends') socket.end()
    else if (next === 'resets') setImmediate(() => socket.resetAndDestroy())
  }
  const { tls } = behaviour
  const server = tls?.mode === 'implicit' ? createTlsServer(tls, serve) : createServer(serve)
  server.on('tlsClientError', () => {})
  const close = closerOf(server)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  // A test that failed before it closed this one must end all the same.
  server.unref()
  const left = async () => {
    // This counts connections that end in any way: `once` of events would throw at a reset, and end the test.
    await Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))))
  }
  return {
    port: (server.address() as AddressInfo).port,
    ...state.seen,
    connections: () => connections,
    move: (which, folder) => state.move(which, folder),
    expunge: (which) => state.expunge(which),
    rename: (from, to) => state.rename(from, to),
    remove: (folder) => state.remove(folder),
    renumber: (folder) => state.renumber(folder),
    goAway: () => {
      state.isAway = true
      for (const socket of sockets) socket.destroy()
    },
    comeBack: () => {
      state.isAway = false
    },
    async hangUp(bye) {
      for (const socket of sockets) socket.end(bye === undefined ? '' : `* BYE ${bye}\r\n`)
      await left()
    },
    left,
    close,
  }
}

/** The place of a folder's next message. */
interface Position {
  uidValidity: number
  uidNext: number
}

/** The state that all sessions share. */
class State {
  readonly behaviour: StoreBehaviour
  readonly seen: Pick<ScriptedStore, 'stored' | 'folders' | 'subscribed' | 'verbs' | 'literals'> = {
    stored: [],
    folders: new Set(['INBOX']),
    subscribed: new Set(),
    verbs: [],
    literals: [],
  }
  lost: number
  isAway = false
  dropped: number
  /** The messages that a session was shown after NOOP, while other sessions were not. */
  readonly shown = new Set<StoredMessage>()
  /** Messages with the flag \\Deleted. */
  readonly deleted = new Set<StoredMessage>()
  readonly #positions = new Map<string, Position>()
  #uidValidity = 4711

  constructor(behaviour: StoreBehaviour) {
    this.behaviour = behaviour
    this.lost = behaviour.losesAnswers ?? 0
    this.dropped = behaviour.dropsInLiteral ?? 0
  }

  position(folder: string): Position {
    const position = this.#positions.get(folder) ?? { uidValidity: this.#uidValidity++, uidNext: 1 }
    this.#positions.set(folder, position)
    return position
  }

  messagesIn(folder: string): StoredMessage[] {
    return this.seen.stored.filter((message) => message.folder === folder).toSorted((a, b) => a.uid - b.uid)
  }

  move(which: (message: StoredMessage) => boolean, folder: string): void {
    this.seen.folders.add(folder)
    for (const message of this.seen.stored.filter(which)) {
      Object.assign(message, { folder, uid: this.position(folder).uidNext++ })
    }
  }

  expunge(which: (message: StoredMessage) => boolean): void {
    const { stored } = this.seen
    stored.splice(0, stored.length, ...stored.filter((message) => !which(message)))
  }

  rename(from: string, to: string): void {
    this.seen.folders.delete(from)
    this.seen.folders.add(to)
    this.#positions.set(to, this.position(from))
    this.#positions.delete(from)
    for (const message of this.messagesIn(from)) Object.assign(message, { folder: to })
  }

  remove(folder: string): void {
    this.seen.folders.delete(folder)
    this.#positions.delete(folder)
    this.expunge((message) => message.folder === folder)
  }

  renumber(folder: string): void {
    const messages = this.messagesIn(folder)
    for (const [nth, message] of messages.entries()) Object.assign(message, { uid: nth + 1 })
    this.#positions.set(folder, { uidValidity: this.#uidValidity++, uidNext: messages.length + 1 })
  }
}

/** A session reads one command at a time: the command's text has `{}` in place of a literal, or `~{}` in place of a literal8. */
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
  /** The octets of this command's literals so far. */
  #taken = 0
  #folder = ''
  #exchange: { readonly tag: string; readonly played: PlayedExchange } | undefined
  /** The octets that came and went. */
  #read = 0
  #sent = 0

  constructor(socket: Socket, state: State) {
    this.#socket = socket
    this.#state = state
    this.#secure = socket instanceof TLSSocket
  }

  listen(socket: Socket): void {
    const { pieceOctets } = this.#state.behaviour
    socket.on('data', (chunk: Buffer) => {
      this.#read += chunk.length
      if (this.#read > (this.#state.behaviour.resetsAfter?.read ?? Number.POSITIVE_INFINITY)) {
        if (socket instanceof TLSSocket) socket.destroy()
        else socket.resetAndDestroy()
      }
      for (const piece of piecesOf(chunk, pieceOctets ?? (() => chunk.length))) {
        if (!socket.destroyed) this.#push(piece)
      }
    })
  }

  #push(chunk: Buffer): void {
    let rest = chunk
    while (rest.length > 0) {
      if (this.#missing > 0) {
        const { dropsAfterOctets = 0, byeInLiteral } = this.#state.behaviour
        if (this.#state.dropped > 0 && this.#taken + Math.min(rest.length, this.#missing) > dropsAfterOctets) {
          this.#state.dropped -= 1
          if (byeInLiteral === undefined) this.#socket.destroy()
          else this.#socket.end(`* BYE ${byeInLiteral}\r\n`)
          this.#socket.removeAllListeners('data').resume()
          return
        }
        const part = rest.subarray(0, this.#missing)
        this.#taken += part.length
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
      this.#readLine(line)
    }
  }

  #readLine(line: string): void {
    if (this.#exchange !== undefined) return this.#goOn(this.#exchange, line)
    const literal = /(~?)\{(\d+)(\+?)\}$/.exec(line)
    if (literal === null) {
      const [text, literals] = [this.#text + line, this.#literals]
      this.#text = ''
      this.#literals = []
      this.#taken = 0
      this.#answer(text, literals)
      return
    }
    const [announced = '', , digits, plus] = literal
    const octets = Number(digits)
    const { byeAtLiteral } = this.#state.behaviour
    if (byeAtLiteral !== undefined) this.#send(`* BYE ${byeAtLiteral}`)
    this.#state.seen.literals.push(announced)
    const tag = (this.#text + line).split(' ', 1)[0] ?? ''
    const { saysAtLiteral } = this.#state.behaviour
    if (saysAtLiteral !== undefined) this.#send(saysAtLiteral().replaceAll('TAG', tag))
    const { behaviour } = this.#state
    const offered = behaviour.capabilities ?? usual
    const minds = plus === '+' ? behaviour.mindsLiteralPlus?.(Number(digits)) : undefined
    if (minds === 'hangs up') return void this.#socket.end('* BYE Invalid character in literal\r\n')
    if (minds === 'BAD') {
      this.#text = ''
      this.#literals = []
      return this.#send(`${tag} BAD Error in IMAP command: literal`)
    }
    if (plus === '+') {
      const allowed =
        offered.includes('LITERAL+') ||
        (offered.some((one) => one === 'LITERAL-' || one === 'IMAP4rev2') && octets <= 4096)
      // The octets that follow cannot be told from commands any more (RFC 7888 section 5).
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
    this.#write(lines.map((line) => `${line}\r\n`).join(''))
  }

  #write(text: string): void {
    if (this.#socket.destroyed) return
    let said = Buffer.from(text, 'latin1')
    const { sent: sentMax = Number.POSITIVE_INFINITY } = this.#state.behaviour.resetsAfter ?? {}
    if (this.#sent + said.length > sentMax) {
      said = said.subarray(0, sentMax - this.#sent)
      this.#sent = sentMax
      this.#socket.write(said, () => this.#socket.resetAndDestroy())
      return
    }
    this.#sent += said.length
    const { pieceOctets } = this.#state.behaviour
    if (pieceOctets === undefined) this.#socket.write(said)
    else sendInPieces(this.#socket, said, pieceOctets)
  }

  #drip(): void {
    if (this.#socket.destroyed) return
    this.#socket.write('.')
    setImmediate(() => this.#drip())
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
    const { behaviour } = this.#state
    const { folders, subscribed, verbs } = this.#state.seen
    const { separator = '/', prefix = '' } = behaviour
    const [tag = '', first = '', ...rest] = text.split(' ')
    const verb = first.toUpperCase() === 'UID' ? `UID ${rest[0]}` : first.toUpperCase()
    const name = nameIn(text.slice(tag.length + first.length + 2))
    verbs.push(verb)
    behaviour.meanwhile?.(verb)
    const chatter = behaviour.chatter?.(verb) ?? ''
    if (chatter !== '') this.#write(chatter)
    const ok = (...untagged: string[]) => this.#send(...untagged, `${tag} OK done`)
    const answer = behaviour.answers?.[verb]
    const given = typeof answer === 'function' ? answer(text) : answer
    if (given === null) return
    if (given !== undefined) {
      this.#send(given.replaceAll('TAG', tag))
      const next = behaviour.leaves?.(verb)
      if (next === 'ends') this.#socket.end()
      else if (next === 'resets') setImmediate(() => this.#socket.resetAndDestroy())
      return
    }
    if (verb !== 'APPEND' && behaviour.drips?.(verb)) return this.#drip()
    switch (verb) {
      case 'CAPABILITY':
        return ok(`* CAPABILITY ${this.#capabilities.join(' ')}`)
      case 'STARTTLS':
        return this.#startTls(tag)
      case 'LOGIN':
        return this.#login(tag, rest[1]?.replaceAll('"', ''))
      case 'AUTHENTICATE':
        if (behaviour.authenticates !== undefined) return this.#play(tag, rest)
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
        const { uidNext, uidValidity } = this.#state.position(name)
        const messages = text.includes('MESSAGES') ? ` MESSAGES ${this.#state.messagesIn(name).length}` : ''
        return ok(`* STATUS ${quoted(name)} (UIDNEXT ${uidNext} UIDVALIDITY ${uidValidity}${limit}${messages})`)
      }
      case 'DELETE':
        if (!folders.has(name)) return this.#send(`${tag} NO [NONEXISTENT] no such folder`)
        this.#state.remove(name)
        return ok()
      case 'STORE':
        if (rest[0]?.startsWith('"')) return this.#send(`${tag} BAD that is no sequence set`)
        for (const message of this.#shown) this.#state.deleted.add(message)
        return ok()
      case 'EXPUNGE': {
        const gone = this.#shown.filter((message) => this.#state.deleted.has(message))
        this.#state.expunge((message) => gone.includes(message))
        return ok(...gone.map(() => '* 1 EXPUNGE'))
      }
      case 'CREATE':
        if (folders.has(name)) return this.#send(`${tag} NO [ALREADYEXISTS] there is one`)
        folders.add(name)
        return ok()
      case 'SUBSCRIBE':
        subscribed.add(name)
        return ok()
      case 'SELECT':
      case 'EXAMINE': {
        if (!folders.has(name)) return this.#send(`${tag} NO [NONEXISTENT] no such folder`)
        this.#folder = name
        const { uidNext, uidValidity } = this.#state.position(name)
        return ok(
          `* ${this.#shown.length} EXISTS`,
          '* FLAGS ()',
          `* OK [UIDVALIDITY ${uidValidity}] so`,
          `* OK [UIDNEXT ${uidNext}] so`,
        )
      }
      case 'NOOP': {
        for (const message of this.#state.messagesIn(this.#folder)) this.#state.shown.add(message)
        return ok(...(this.#folder === '' ? [] : [`* ${this.#shown.length} EXISTS`]))
      }
      case 'UID FETCH':
      case 'FETCH':
        if (text.includes('BODY.PEEK[]')) return this.#source(tag, Number(rest[1]), text)
        return this.#fetch(tag, verb !== 'FETCH', rest.at(verb === 'FETCH' ? 0 : 1) ?? '')
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

  get #shown(): StoredMessage[] {
    const { behaviour, shown } = this.#state
    const messages = this.#state.messagesIn(this.#folder)
    return behaviour.showsAfterNoop ? messages.filter((message) => shown.has(message)) : messages
  }

  #play(tag: string, [mechanism = '', initial]: readonly string[]): void {
    const played = this.#state.behaviour.authenticates?.(mechanism, initial)
    if (played === undefined) return this.#send(`${tag} NO Unsupported authentication mechanism.`)
    this.#goOn({ tag, played: new PlayedExchange(played) }, '')
  }

  #goOn(exchange: { readonly tag: string; readonly played: PlayedExchange }, response: string): void {
    const said = exchange.played.hear(response)
    this.#exchange = 'says' in said ? exchange : undefined
    if ('says' in said) return this.#send(said.says)
    if (said.result === '' || said.result.startsWith('* BYE')) {
      this.#socket.end(said.result === '' ? '' : `${said.result}\r\n`)
      return
    }
    this.#authenticated = said.result === 'OK'
    this.#send(`${exchange.tag} ${said.result === 'OK' ? 'OK done' : said.result}`)
  }

  #login(tag: string, password: string | undefined): void {
    const { password: wanted = 'secret' } = this.#state.behaviour
    this.#authenticated = password === (typeof wanted === 'string' ? wanted : wanted())
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

  /** Gives the messages from the first UID or number of the range to the end, and always the last message (RFC 9051 section 9). */
  #fetch(tag: string, byUid: boolean, range: string): void {
    const from = Number(/^\d+/.exec(range)?.[0] ?? 1)
    for (const [nth, { uid, literal }] of this.#shown.entries()) {
      if ((byUid ? uid : nth + 1) < from && nth + 1 < this.#shown.length) continue
      const field = /^X-Tributary-Id: .*\r\n(?:[ \t].*\r\n)*/im.exec(literal.toString('latin1'))?.[0] ?? ''
      const header = `${field}\r\n`
      this.#write(
        `* ${nth + 1} FETCH (UID ${uid} BODY[HEADER.FIELDS (X-TRIBUTARY-ID)] {${header.length}}\r\n${header})\r\n`,
      )
    }
    this.#send(`${tag} OK done`)
  }

  /** Gives the source of one message, or the first octets of it. */
  #source(tag: string, wanted: number, text: string): void {
    const max = Number(/<0\.(\d+)>/.exec(text)?.[1] ?? Number.POSITIVE_INFINITY)
    for (const [nth, { uid, literal }] of this.#shown.entries()) {
      if (uid !== wanted) continue
      const source = literal.subarray(0, max).toString('latin1')
      const item = Number.isFinite(max) ? 'BODY[]<0>' : 'BODY[]'
      this.#write(
        `* ${nth + 1} FETCH (UID ${uid} RFC822.SIZE ${literal.length} ${item} {${source.length}}\r\n${source})\r\n`,
      )
    }
    this.#send(`${tag} OK done`)
  }

  #append(tag: string, folder: string, text: string, literals: readonly Buffer[]): void {
    const { behaviour } = this.#state
    const { stored, folders } = this.#state.seen
    const parts = [...text.matchAll(/(?:\(([^)]*)\) )?"([^"]+)" (~?)\{\}/g)]
    const messages = literals.map((literal, nth) => ({
      folder,
      uid: 0,
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
    const position = this.#state.position(folder)
    const kept = behaviour.keeps?.(messages) ?? messages
    for (const message of kept) stored.push(Object.assign(message, { uid: position.uidNext++ }))
    if (this.#state.lost > 0) {
      this.#state.lost -= 1
      this.#state.isAway = behaviour.goesAway ?? false
      this.#socket.destroy()
      return
    }
    if (behaviour.drips?.('APPEND')) return this.#drip()
    const said = behaviour.saysOfStored?.(messages)
    if (said === null) return
    if (said !== undefined) return this.#send(`${tag} ${said}`)
    const uids = kept.map(({ uid }) => uid)
    const told = behaviour.appendUids?.(uids) ?? (uids.length > 1 ? `${uids[0]}:${uids.at(-1)}` : `${uids[0] ?? ''}`)
    const uidPlus = (behaviour.capabilities ?? usual).includes('UIDPLUS') && told !== ''
    this.#send(`${tag} OK ${uidPlus ? `[APPENDUID ${position.uidValidity} ${told}] ` : ''}stored`)
  }
}

/** Gives the first astring of a command's arguments (RFC 9051 section 9). */
function nameIn(text: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"/.exec(text)?.[1]
  return quoted === undefined ? (text.split(' ', 1)[0] ?? '') : quoted.replace(/\\(.)/g, '$1')
}

const quoted = (name: string) => `"${name.replace(/["\\]/g, '\\$&')}"`

/** Matches folders as LIST does (RFC 9051 section 6.3.9), if the pattern is a folder's name or the beginning of names. */
function listed(command: string): (folder: string) => boolean {
  const pattern = nameIn(/^\S+ \S+ "[^"]*" (.*)$/.exec(command)?.[1] ?? '')
  return (folder) => (pattern.endsWith('*') ? folder.startsWith(pattern.slice(0, -1)) : pattern === folder)
}
