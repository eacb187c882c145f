/** An SMTP server on a bare socket that does what a test says, and may lie. It keeps what it was sent, whatever it has answered. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import { closerOf } from './closing.ts'
import { PlayedExchange, type Plays } from './sasl-server.ts'

/** What it does in place of its usual answer; undefined: the usual one. `say` is sent as it is, without a line end of ours. */
type SmtpActNow = string | undefined | { readonly say?: string; readonly and: 'reset' | 'end' | 'silence' }
/** Now, or later. */
export type SmtpAct = SmtpActNow | Promise<SmtpActNow>

type Verb = 'EHLO' | 'HELO' | 'STARTTLS' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA' | 'RSET' | 'QUIT' | 'NOOP'

export interface SmtpScript {
  readonly tls?: { readonly cert: string; readonly key: string }
  /** TLS from the first octet; without this, STARTTLS is offered if there is a certificate. */
  readonly implicit?: boolean
  /** The lines of EHLO beside STARTTLS and AUTH. */
  readonly extensions?: readonly string[]
  /** The mechanisms that it announces, and how it plays them. */
  readonly auth?: { readonly mechanisms: readonly string[]; readonly plays: Plays }
  readonly greeting?: SmtpAct
  /** @param nth counts this verb on this connection, from 1. */
  readonly acts?: Partial<Record<Verb, (line: string, nth: number, connection: number) => SmtpAct>>
  /** What it does in the middle of a body, once so many octets have come. */
  readonly inBody?: { readonly after: number; readonly act: SmtpAct }
  /** Its answer to a whole message. */
  readonly dot?: (mail: ScriptedMail, nth: number) => SmtpAct
  /** Its answers come in pieces of so many octets, each in a segment of its own. */
  readonly pieces?: number
}

export interface ScriptedMail {
  readonly from: string
  readonly to: readonly string[]
  /** Without the stuffed dots. */
  readonly bytes: Buffer
  readonly user: string | undefined
  readonly secured: boolean
}

export interface ScriptedSmtp {
  readonly port: number
  /** Every message whose dot has come. */
  readonly mails: readonly ScriptedMail[]
  /** Every line of every client, but those of bodies. */
  readonly lines: readonly string[]
  connections(): number
  /** Reads nothing any more. */
  pause(): void
  close(): Promise<void>
}

export async function startScriptedSmtp(script: SmtpScript = {}): Promise<ScriptedSmtp> {
  const mails: ScriptedMail[] = []
  const lines: string[] = []
  let connections = 0
  const sockets = new Set<Socket>()
  const accept = (socket: Socket) => {
    socket.on('error', () => {})
    connections += 1
    sockets.add(socket.once('close', () => sockets.delete(socket)))
    const serving = new Serving(socket, script, { mails, lines, connection: connections })
    serving.act(script.greeting ?? '220 smtp.example.net ESMTP ready')
  }
  const server = script.implicit ? createTlsServer({ ...script.tls }, accept) : createServer(accept)
  const close = closerOf(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    mails,
    lines,
    connections: () => connections,
    pause: () => sockets.forEach((socket) => socket.pause()),
    close,
  }
}

interface Kept {
  readonly mails: ScriptedMail[]
  readonly lines: string[]
  readonly connection: number
}

interface Body {
  readonly pieces: Buffer[]
  octets: number
  hasActed: boolean
}

class Serving {
  #socket: Socket
  readonly #script: SmtpScript
  readonly #kept: Kept
  #rest: Buffer = Buffer.alloc(0)
  #body: Body | undefined
  #exchange: PlayedExchange | undefined
  #user: string | undefined
  #from = ''
  #to: string[] = []
  #isSilent = false
  readonly #times = new Map<string, number>()
  #saying: Promise<void> = Promise.resolve()

  constructor(socket: Socket, script: SmtpScript, kept: Kept) {
    this.#socket = socket
    this.#script = script
    this.#kept = kept
    this.#listen()
  }

  /** Answers come one after the other, whatever each takes. */
  act(act: SmtpAct): void {
    this.#saying = this.#saying.then(async () => await this.#carryOut(await act))
  }

  async #carryOut(act: SmtpActNow): Promise<void> {
    if (this.#isSilent || this.#socket.destroyed) return
    if (typeof act === 'string') return await this.#say(`${act}\r\n`)
    if (act?.say !== undefined) await this.#say(act.say)
    if (act?.and === 'silence') this.#isSilent = true
    if (act?.and === 'end') this.#socket.end()
    if (act?.and === 'reset') this.#socket.resetAndDestroy()
  }

  async #say(text: string): Promise<void> {
    const { pieces = text.length } = this.#script
    this.#socket.setNoDelay(true)
    for (let from = 0; from < text.length; from += pieces) {
      if (this.#socket.destroyed) return
      await new Promise<void>((resolve) =>
        this.#socket.write(text.slice(from, from + pieces), 'latin1', () => resolve()),
      )
      if (from + pieces < text.length) await new Promise((resolve) => setImmediate(resolve))
    }
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#rest = Buffer.concat([this.#rest, chunk])
      while (this.#step());
    })
  }

  #step(): boolean {
    if (this.#body !== undefined) return this.#readBody(this.#body)
    const end = this.#rest.indexOf('\r\n')
    if (end === -1) return false
    const line = this.#rest.toString('utf8', 0, end)
    this.#rest = this.#rest.subarray(end + 2)
    this.#kept.lines.push(line)
    if (this.#exchange !== undefined) this.#hear(this.#exchange, line)
    else this.#command(line)
    return true
  }

  #command(line: string): void {
    const verb = (line.split(/[ :]/, 1)[0] ?? '').toUpperCase() as Verb
    const times = (this.#times.get(verb) ?? 0) + 1
    this.#times.set(verb, times)
    const told = this.#script.acts?.[verb]?.(line, times, this.#kept.connection)
    if (told !== undefined) {
      if (verb === 'DATA' && typeof told === 'string' && told.startsWith('354')) this.#beginBody()
      if (verb === 'RCPT' && typeof told === 'string' && /^2\d\d/.test(told)) this.#to.push(addressIn(line))
      return this.act(told)
    }
    this.#asUsual(verb, line)
  }

  #asUsual(verb: Verb, line: string): void {
    switch (verb) {
      case 'EHLO':
        return this.act(this.#hello())
      case 'HELO':
        return this.act('250 smtp.example.net')
      case 'STARTTLS':
        if (this.#script.tls === undefined) return this.act('502 5.5.1 Error: command not implemented')
        this.act('220 go on')
        return void this.#saying.then(() => this.#secure())
      case 'AUTH':
        return this.#beginAuth(line)
      case 'MAIL':
        ;[this.#from, this.#to] = [addressIn(line), []]
        if (this.#script.auth !== undefined && this.#user === undefined) return this.act('530 5.7.0 Log in first')
        return this.act('250 2.1.0 Ok')
      case 'RCPT':
        this.#to.push(addressIn(line))
        return this.act('250 2.1.5 Ok')
      case 'DATA':
        if (this.#to.length === 0) return this.act('554 5.5.1 Error: no valid recipients')
        this.#beginBody()
        return this.act('354 End data with <CR><LF>.<CR><LF>')
      case 'RSET':
        this.#to = []
        return this.act('250 2.0.0 Ok')
      case 'NOOP':
        return this.act('250 2.0.0 Ok')
      case 'QUIT':
        return this.act({ say: '221 2.0.0 Bye\r\n', and: 'end' })
      default:
        return this.act('500 5.5.2 Error: command not recognized')
    }
  }

  #hello(): string {
    const { tls, auth, extensions = ['PIPELINING', 'SIZE 10240000', '8BITMIME', 'SMTPUTF8', 'DSN'] } = this.#script
    const isSecured = this.#socket instanceof TLSSocket
    const all = [
      'smtp.example.net',
      ...(tls !== undefined && !isSecured ? ['STARTTLS'] : []),
      ...(auth === undefined ? [] : [`AUTH ${auth.mechanisms.join(' ')}`]),
      ...extensions,
    ]
    return all.map((line, nth) => `250${nth === all.length - 1 ? ' ' : '-'}${line}`).join('\r\n')
  }

  #secure(): void {
    this.#socket.removeAllListeners('data')
    const secure = new TLSSocket(this.#socket, { isServer: true, ...this.#script.tls })
    secure.on('error', () => {})
    this.#socket = secure
    this.#times.delete('EHLO')
    this.#rest = Buffer.alloc(0)
    this.#listen()
  }

  #beginAuth(line: string): void {
    const [, mechanism = '', initial] = line.split(' ')
    const played = this.#script.auth?.plays(mechanism, initial === '=' ? '' : initial)
    if (played === undefined) return this.act('504 5.5.4 Unrecognized authentication type')
    this.#exchange = new PlayedExchange(played)
    this.#hear(this.#exchange, '')
  }

  #hear(exchange: PlayedExchange, line: string): void {
    const heard = exchange.hear(line)
    if ('says' in heard) return this.act(heard.says.replace(/^\+ ?/, '334 '))
    this.#exchange = undefined
    const { result } = heard
    if (result === 'OK') {
      this.#user = 'me'
      return this.act('235 2.7.0 Authentication successful')
    }
    if (/^[245]\d\d/.test(result)) return this.act(result)
    this.act(result.startsWith('BAD') ? '501 5.5.2 Given up' : '535 5.7.8 Error: authentication failed')
  }

  #beginBody(): void {
    this.#body = { pieces: [], octets: 0, hasActed: false }
  }

  #readBody(body: Body): boolean {
    const { inBody } = this.#script
    const isBare = body.octets === 0 && this.#rest.subarray(0, 3).toString() === '.\r\n'
    const last = isBare ? -2 : this.#rest.indexOf('\r\n.\r\n')
    if (last === -1) {
      // The last octets may be the beginning of the end.
      const kept = Math.max(0, this.#rest.length - 4)
      this.#take(body, this.#rest.subarray(0, kept))
      this.#rest = this.#rest.subarray(kept)
      if (inBody !== undefined && !body.hasActed && body.octets >= inBody.after) {
        body.hasActed = true
        this.act(inBody.act)
      }
      return false
    }
    this.#take(body, this.#rest.subarray(0, last + 2))
    this.#rest = this.#rest.subarray(last + 5)
    this.#body = undefined
    const bytes = unstuffed(Buffer.concat(body.pieces))
    const secured = this.#socket instanceof TLSSocket
    const mail = { from: this.#from, to: [...this.#to], bytes, user: this.#user, secured }
    this.#kept.mails.push(mail)
    this.#to = []
    this.act(this.#answerTo(mail, this.#kept.mails.length))
    return true
  }

  async #answerTo(mail: ScriptedMail, nth: number): Promise<SmtpActNow> {
    return (await this.#script.dot?.(mail, nth)) ?? `250 2.0.0 Ok: queued as Q${nth}`
  }

  #take(body: Body, piece: Buffer): void {
    body.pieces.push(Buffer.from(piece))
    body.octets += piece.length
  }
}

function addressIn(line: string): string {
  return /<([^>]*)>/.exec(line)?.[1] ?? ''
}

function unstuffed(body: Buffer): Buffer {
  return Buffer.from(body.toString('latin1').replaceAll(/(^|\n)\./g, '$1'), 'latin1')
}
