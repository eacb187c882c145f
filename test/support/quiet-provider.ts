/**
 * A provider of many maildrops in which nothing happens, in a process of its own: it is to cost so little that what is measured is the gateway.
 * Every maildrop shows the same listing, and bytes of its own. Its answers can wait as on a long line: a greeting for two round trips (three
 * with TLS), since TCP and TLS shake hands before it, everything else for one.
 */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { answerQuestions, askedOptions, isAsked, startAsked } from './asked-process.ts'

export interface QuietOptions {
  /** Every server of this process listens at a port of its own: `port` of 127.0.0.1. */
  readonly ports: readonly number[]
  readonly tls?: { readonly cert: string; readonly key: string }
  /** The number of messages in every maildrop. */
  readonly messages: number
  /** Beyond so many sessions at once at a port a greeting says no. */
  readonly sessionsMax?: number
}

/** What was seen since the provider began, or was asked last. */
export interface QuietSeen {
  /** Sessions that ended by QUIT. */
  readonly visits: number
  readonly cpuSeconds: number
  /** The most sessions that one port had at once. */
  readonly sessionsMost: number
  /** The same of each port. */
  readonly mostByPort: readonly number[]
  /** Sessions that were turned away by `sessionsMax`. */
  readonly refused: number
  /** The milliseconds since 1970 at which each user logged in, by port and user. */
  readonly logins: Readonly<Record<string, readonly number[]>>
}

type Question =
  | { readonly delayMs: number; readonly greetsAtOnce: boolean }
  | { readonly messages: number }
  | { readonly see: 'counts' | 'logins' }
  | { readonly forget: 'most' }

export interface QuietProvider {
  readonly pid: number
  readonly ports: readonly number[]
  /** From now on every answer waits for so long; `greetsAtOnce`: but for the greeting. */
  delay(ms: number, how?: { readonly greetsAtOnce: boolean }): Promise<void>
  /** From now on every maildrop holds so many messages. */
  hold(messages: number): Promise<void>
  /** Begins anew to count the most sessions at once, and those turned away. */
  forget(): Promise<void>
  /** @param what `logins` tells and forgets who logged in when. */
  see(what?: 'counts' | 'logins'): Promise<QuietSeen>
  stop(): Promise<void>
}

export async function startQuietProvider(options: QuietOptions): Promise<QuietProvider> {
  const server = await startAsked<Question, QuietSeen>('quiet-provider', options)
  return {
    pid: server.pid,
    ports: options.ports,
    delay: async (delayMs, { greetsAtOnce } = { greetsAtOnce: false }) =>
      void (await server.ask({ delayMs, greetsAtOnce })),
    hold: async (messages) => void (await server.ask({ messages })),
    forget: async () => void (await server.ask({ forget: 'most' })),
    see: async (what = 'counts') => await server.ask({ see: what }),
    stop: async () => await server.stop(),
  }
}

function listing(first: string, lines: readonly string[]): string {
  return [first, ...lines, '.', ''].join('\r\n')
}

/** The bytes of a message: they differ from one maildrop to another, and their number does not. */
function messageOf(user: string, nth: number): string {
  const name = user.padEnd(24, '-').slice(0, 24)
  const number = String(nth).padStart(5, '0')
  const header = [
    `Message-ID: <${number}.${name}@example.org>`,
    'Date: Mon, 02 Nov 2026 08:15:00 +0000',
    'From: Somebody <somebody@example.org>',
    `To: <${name}@example.net>`,
    `Subject: Number ${number}`,
  ]
  return [...header, '', ...Array.from({ length: 8 }, () => 'A line of a message in which not much is said.'), ''].join(
    '\r\n',
  )
}

class QuietServer {
  readonly #options: QuietOptions
  #messages = 0
  #list = ''
  #uidl = ''
  #stat = ''
  readonly #octets = messageOf('', 1).length
  readonly #waiting: {
    readonly atMs: number
    readonly socket: Socket
    readonly text: string
    readonly ends: boolean
  }[] = []
  #timer: NodeJS.Timeout | undefined
  #delayMs = 0
  #greetsAtOnce = false
  #visits = 0
  #refused = 0
  readonly #most = new Map<number, number>()
  #logins = new Map<string, number[]>()

  constructor(options: QuietOptions) {
    this.#options = options
    this.#hold(options.messages)
  }

  #hold(messages: number): void {
    this.#messages = messages
    const numbers = Array.from({ length: messages }, (_, nth) => nth + 1)
    const sizes = numbers.map((nth) => `${nth} ${this.#octets}`)
    const ids = numbers.map((nth) => `${nth} ${this.#idOf(nth)}`)
    this.#list = listing('+OK the sizes', sizes)
    this.#uidl = listing('+OK the ids', ids)
    this.#stat = `+OK ${messages} ${messages * this.#octets}\r\n`
  }

  async listen(): Promise<void> {
    const { ports, tls } = this.#options
    for (const port of ports) {
      let sessions = 0
      const serve = (socket: Socket) => {
        sessions += 1
        this.#most.set(port, Math.max(this.#most.get(port) ?? 0, sessions))
        socket.once('close', () => (sessions -= 1))
        this.#serve(socket, port, sessions)
      }
      const server: Server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve)
      server.on('connection', (socket: Socket) => socket.setNoDelay(true).on('error', () => {}))
      server.on('tlsClientError', () => {})
      server.listen({ port, host: '127.0.0.1', backlog: 4096 })
      await once(server, 'listening')
    }
  }

  answer(question: Question): QuietSeen {
    if ('delayMs' in question) {
      this.#delayMs = question.delayMs
      this.#greetsAtOnce = question.greetsAtOnce
    }
    if ('messages' in question) this.#hold(question.messages)
    if ('forget' in question) {
      this.#most.clear()
      this.#refused = 0
    }
    const mostByPort = this.#options.ports.map((port) => this.#most.get(port) ?? 0)
    const { user, system } = process.cpuUsage()
    const seen = {
      visits: this.#visits,
      cpuSeconds: (user + system) / 1e6,
      sessionsMost: Math.max(...mostByPort),
      mostByPort,
      refused: this.#refused,
      logins: 'see' in question && question.see === 'logins' ? Object.fromEntries(this.#logins) : {},
    }
    if ('see' in question && question.see === 'logins') this.#logins = new Map()
    return seen
  }

  #serve(socket: Socket, port: number, sessions: number): void {
    socket.on('error', () => {})
    const { sessionsMax = Number.POSITIVE_INFINITY, tls } = this.#options
    const shakes = tls === undefined ? 2 : 3
    if (sessions > sessionsMax) {
      this.#refused += 1
      this.#send(socket, '-ERR [SYS/TEMP] Too many connections from your address, try again later\r\n', shakes, true)
      return
    }
    this.#send(socket, '+OK ready\r\n', this.#greetsAtOnce ? 0 : shakes)
    let rest = ''
    const session = { user: '', port }
    socket.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString('latin1')).split('\r\n')
      rest = lines.pop() ?? ''
      let answers = ''
      let ends = false
      for (const line of lines) {
        answers += this.#reply(line, session)
        if (line.length === 4 && line.toUpperCase() === 'QUIT') ends = true
      }
      if (ends) this.#visits += 1
      if (answers !== '') this.#send(socket, answers, 1, ends)
    })
  }

  #reply(line: string, session: { user: string; readonly port: number }): string {
    const [verb = '', ...words] = line.split(' ')
    const nth = Number(words[0])
    switch (verb.toUpperCase()) {
      case 'CAPA':
        return '+OK what I can do\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nPIPELINING\r\nAUTH-RESP-CODE\r\nUSER\r\n.\r\n'
      case 'USER':
        session.user = words.join(' ')
        return '+OK\r\n'
      case 'PASS':
        return this.#login(session)
      case 'STAT':
        return this.#stat
      case 'LIST':
        return words.length === 0 ? this.#list : this.#one(nth, String(this.#octets))
      case 'UIDL':
        return words.length === 0 ? this.#uidl : this.#one(nth, this.#idOf(nth))
      case 'RETR':
        return `+OK it follows\r\n${messageOf(session.user, nth)}.\r\n`
      case 'TOP':
        return `+OK its top follows\r\n${messageOf(session.user, nth).split('\r\n\r\n')[0]}\r\n\r\n.\r\n`
      case 'NOOP':
      case 'RSET':
      case 'DELE':
        return '+OK\r\n'
      case 'QUIT':
        return '+OK until next time\r\n'
      default:
        return '-ERR this is not known here\r\n'
    }
  }

  #one(nth: number, what: string): string {
    return nth >= 1 && nth <= this.#messages ? `+OK ${nth} ${what}\r\n` : '-ERR no such message\r\n'
  }

  #idOf(nth: number): string {
    return `00000${nth}`.slice(-5).padStart(16, '4a5b6c7d8e9f')
  }

  #login({ user, port }: { readonly user: string; readonly port: number }): string {
    if (user.startsWith('refused')) return '-ERR [AUTH] Authentication failed\r\n'
    if (user.startsWith('in-use')) return '-ERR [IN-USE] Another session has this maildrop\r\n'
    const name = `${port} ${user}`
    const times = this.#logins.get(name)
    if (times === undefined) this.#logins.set(name, [Date.now()])
    else times.push(Date.now())
    return '+OK\r\n'
  }

  #send(socket: Socket, text: string, waits: number, ends = false): void {
    if (this.#delayMs === 0) {
      if (ends) socket.end(text, 'latin1')
      else socket.write(text, 'latin1')
      return
    }
    const atMs = performance.now() + waits * this.#delayMs
    const entry = { atMs, socket, text, ends }
    // Nearly all wait equally long: only a greeting is put in behind those that come sooner.
    let place = this.#waiting.length
    while (place > 0 && (this.#waiting[place - 1]?.atMs ?? 0) > atMs) place -= 1
    this.#waiting.splice(place, 0, entry)
    if (place > 0) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#turn(), Math.max(1, atMs - performance.now()))
  }

  #turn(): void {
    this.#timer = undefined
    const nowMs = performance.now()
    let sent = 0
    for (const { atMs, socket, text, ends } of this.#waiting) {
      if (atMs > nowMs) break
      sent += 1
      if (ends) socket.end(text, 'latin1')
      else socket.write(text, 'latin1')
    }
    this.#waiting.splice(0, sent)
    const next = this.#waiting[0]
    if (next !== undefined) this.#timer = setTimeout(() => this.#turn(), Math.max(1, next.atMs - performance.now()))
  }
}

if (isAsked(import.meta.filename)) {
  const server = new QuietServer(askedOptions() as QuietOptions)
  await server.listen()
  answerQuestions((question) => server.answer(question as Question))
}
