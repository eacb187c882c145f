/** An IMAP store that does as it is told (RFC 9051, as much of it as a gateway uses): how it misbehaves is data. */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'

export interface StoredMessage {
  readonly folder: string
  readonly flags: string
  readonly date: string
  /** Sent as literal8 (RFC 3516). */
  readonly binary: boolean
  readonly literal: Buffer
}

export interface StoreBehaviour {
  readonly capabilities?: readonly string[]
  /** The tagged answer to an append, without its tag, if not OK. Nothing is stored then. */
  readonly refuses?: (messages: readonly StoredMessage[]) => string | undefined
  /** Stores an append, and drops the connection in place of the OK; the first so many times. */
  readonly losesAnswers?: number
  /** Drops the connection in the middle of a literal; the first so many times. */
  readonly dropsInLiteral?: number
  /** Says nothing to an append. */
  readonly silent?: boolean
  readonly password?: string
}

export interface ScriptedStore {
  readonly port: number
  readonly stored: StoredMessage[]
  readonly folders: Set<string>
  readonly subscribed: Set<string>
  /** Verbs as received, in their order. */
  readonly verbs: string[]
  readonly connections: () => number
  /** Resolves when nobody is connected any more. */
  left(): Promise<void>
  close(): Promise<void>
}

const uidValidity = 4711
const usual = ['IMAP4rev1', 'LITERAL+', 'MULTIAPPEND', 'UIDPLUS', 'BINARY', 'ID', 'NAMESPACE']

export async function startImapServer(behaviour: StoreBehaviour = {}): Promise<ScriptedStore> {
  const sockets = new Set<Socket>()
  let connections = 0
  const state: State = {
    behaviour,
    stored: [],
    folders: new Set(['INBOX']),
    subscribed: new Set(),
    verbs: [],
    lost: behaviour.losesAnswers ?? 0,
    dropped: behaviour.dropsInLiteral ?? 0,
  }
  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    const session = new Session(socket, state)
    socket.on('data', (chunk: Buffer) => session.push(chunk))
    socket.write('* OK ready\r\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    ...state,
    connections: () => connections,
    async left() {
      await Promise.all([...sockets].map(async (socket) => await once(socket, 'close')))
    },
    async close() {
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
  lost: number
  dropped: number
}

/** One command: its text with literals taken out, each leaving `{}` or, for a literal8, `~{}` behind. */
class Session {
  readonly #socket: Socket
  readonly #state: State
  #input = Buffer.alloc(0)
  #text = ''
  #literals: Buffer[] = []
  #folder = ''

  constructor(socket: Socket, state: State) {
    this.#socket = socket
    this.#state = state
  }

  push(chunk: Buffer): void {
    this.#input = Buffer.concat([this.#input, chunk])
    for (;;) {
      const end = this.#input.indexOf('\r\n')
      if (end === -1) return
      const line = this.#input.toString('latin1', 0, end)
      const literal = /\{(\d+)(\+?)\}$/.exec(line)
      if (literal === null) {
        this.#input = this.#input.subarray(end + 2)
        const [text, literals] = [this.#text + line, this.#literals]
        this.#text = ''
        this.#literals = []
        this.#answer(text, literals)
        continue
      }
      const octets = Number(literal[1])
      if (literal[2] === '' && this.#input.length === end + 2) this.#socket.write('+ go on\r\n')
      if (this.#state.dropped > 0 && this.#input.length > end + 2) {
        this.#state.dropped -= 1
        this.#socket.destroy()
        return
      }
      if (this.#input.length < end + 2 + octets) return
      this.#text += `${line.slice(0, literal.index)}{}`
      this.#literals.push(Buffer.from(this.#input.subarray(end + 2, end + 2 + octets)))
      this.#input = this.#input.subarray(end + 2 + octets)
    }
  }

  #answer(text: string, literals: Buffer[]): void {
    const { behaviour, folders, subscribed, stored, verbs } = this.#state
    const [tag = '', first = '', ...rest] = text.split(' ')
    const verb = first.toUpperCase() === 'UID' ? `UID ${rest[0]}` : first.toUpperCase()
    const name = (rest[0] ?? '').replaceAll('"', '')
    verbs.push(verb)
    const send = (...lines: string[]) => void this.#socket.write(lines.map((line) => `${line}\r\n`).join(''))
    const ok = (...untagged: string[]) => send(...untagged, `${tag} OK done`)
    const position = () => stored.filter(({ folder }) => folder === name).length + 1
    switch (verb) {
      case 'CAPABILITY':
        return ok(`* CAPABILITY ${(behaviour.capabilities ?? usual).join(' ')}`)
      case 'LOGIN':
        return rest[1]?.replaceAll('"', '') === (behaviour.password ?? 'secret') ? ok() : send(`${tag} NO wrong`)
      case 'ID':
        return ok('* ID ("name" "Scripted")')
      case 'NAMESPACE':
        return ok('* NAMESPACE (("" "/")) NIL NIL')
      case 'LIST':
        return ok(...[...folders].filter(listed(rest[1] ?? '')).map((folder) => `* LIST () "/" "${folder}"`))
      case 'STATUS':
        if (!folders.has(name)) return send(`${tag} NO [NONEXISTENT] no such folder`)
        return ok(`* STATUS "${name}" (UIDNEXT ${position()} UIDVALIDITY ${uidValidity})`)
      case 'CREATE':
        folders.add(name)
        return ok()
      case 'SUBSCRIBE':
        subscribed.add(name)
        return ok()
      case 'SELECT':
      case 'EXAMINE': {
        this.#folder = name
        const count = position() - 1
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
        this.#socket.end()
        return
      default:
        return ok()
    }
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
    const answer = (text: string) => void this.#socket.write(`${tag} ${text}\r\n`)
    if (behaviour.silent) return
    if (!folders.has(folder)) return answer('NO [TRYCREATE] no such folder')
    const refusal = behaviour.refuses?.(messages)
    if (refusal !== undefined) return answer(refusal)
    const from = stored.filter((message) => message.folder === folder).length + 1
    stored.push(...messages)
    if (this.#state.lost > 0) {
      this.#state.lost -= 1
      this.#socket.destroy()
      return
    }
    const last = from + messages.length - 1
    const uids = last > from ? `${from}:${last}` : `${from}`
    answer(`OK [APPENDUID ${uidValidity} ${uids}] stored`)
  }
}

/** RFC 9051 section 6.3.9, as far as a pattern is all folders or the name of one. */
function listed(pattern: string): (folder: string) => boolean {
  const name = pattern.replaceAll('"', '')
  return (folder) => name === '*' || name === folder
}
