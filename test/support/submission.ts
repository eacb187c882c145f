/** A submission server whose outbox and logins are a test's, and a client that says what the test wants. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectSecurely, type TLSSocket } from 'node:tls'
import type { Submitter } from '../../api/submission/logins.ts'
import { SubmissionReply } from '../../api/submission/reply.ts'
import { SubmissionServer } from '../../api/submission/server.ts'
import type { HandedIn, Taken } from '../../api/outbox-desk.ts'
import type { DestinationId } from '../../src/mail/message.ts'
import type { SendRefusal } from '../../src/send/refused.ts'
import type { PermittedSender } from '../../src/send/sender.ts'
import { certificate } from './certificates.ts'
import { until } from './until.ts'

/** Larger messages take long to send. */
export const testOctetsMax = 1024 * 1024

export interface TakenMail extends Omit<HandedIn, 'draft'> {
  readonly bytes: Buffer
}

export class TestSubmission {
  readonly server: SubmissionServer
  readonly taken: TakenMail[] = []
  readonly logged: Readonly<Record<string, unknown>>[] = []
  readonly cert: string
  /** The drafts that are neither taken nor gone. */
  open = 0
  senders: readonly PermittedSender[] = [
    { address: 'me@example.org', state: 'verified', reason: null },
    { address: 'also@xn--bcher-kva.example', state: 'unverified', reason: null },
  ]
  /** What the outbox answers instead of taking a message, or does before. */
  answer: (() => Promise<SendRefusal | undefined>) | undefined
  /** What reading a login does instead. */
  loginFails: Error | undefined
  holds = true
  ports: readonly number[] = []

  constructor(pair = certificate()) {
    this.cert = pair.cert
    const write = (fields: object, sentence?: string) => void this.logged.push({ ...fields, sentence })
    const log = { trace: write, debug: write, info: write, warn: write, error: write, fatal: write }
    const child = () => ({ ...log, child })
    this.server = new SubmissionServer(
      { host: '127.0.0.1', submissionsPort: 0, submissionPort: 0, publicName: 'mail.example.org' },
      { cert: Buffer.from(pair.cert), key: Buffer.from(pair.key), validTo: '' },
      {
        log: { ...log, child },
        octetsMax: testOctetsMax,
        logins: {
          check: async ({ user, password }) => this.#check(user, password),
          stillHolds: async () => this.holds,
        },
        isChanging: async () => false,
        sendersOf: async () => this.senders,
        desk: { begin: async () => this.#draft(), accept: async (submitted) => await this.#accept(submitted) },
      },
    )
  }

  async listen(): Promise<this> {
    this.ports = await this.server.listenAnywhere()
    return this
  }

  #check(user: string, password: string): Submitter {
    if (this.loginFails !== undefined) throw this.loginFails
    if (user !== 'alice' || password !== 'wonder')
      throw new SubmissionReply(535, '5.7.8', 'This login or its password is not right')
    return {
      destinationId: 'destination' as DestinationId,
      login: user,
      proof: { kind: 'password', id: 'destination', against: '' },
    }
  }

  #draft(): HandedIn['draft'] & { readonly pieces: Buffer[] } {
    this.open += 1
    let isOpen = true
    const pieces: Buffer[] = []
    const close = () => {
      this.open -= isOpen ? 1 : 0
      isOpen = false
    }
    return {
      id: 'draft',
      pieces,
      write: async (piece) => void pieces.push(Buffer.from(piece)),
      discard: async () => close(),
    }
  }

  async #accept({ draft, ...submitted }: HandedIn) {
    const refusal = await this.answer?.()
    if (refusal !== undefined) return refusal
    await draft.discard()
    this.taken.push({ ...submitted, bytes: Buffer.concat((draft as unknown as { pieces: Buffer[] }).pieces) })
    return { id: `entry-${this.taken.length}`, repeated: false } as Taken
  }

  /** Under TLS from the first octet. */
  async secure(): Promise<SmtpTalk> {
    return await secureTalk(this.ports[0] ?? 0, this.cert)
  }

  async clear(): Promise<SmtpTalk> {
    return await clearTalk(this.ports[1] ?? 0)
  }

  /** Greeted, and logged in. */
  async loggedIn(): Promise<SmtpTalk> {
    const talk = await this.secure()
    await talk.says(220)
    await talk.asks('EHLO client.example', 250)
    await talk.asks(`AUTH PLAIN ${plain('alice', 'wonder')}`, 235)
    return talk
  }

  async stop(): Promise<void> {
    await this.server.stop(0)
  }
}

export const plain = (user: string, password: string, as = '') =>
  Buffer.from(`${as}\0${user}\0${password}`).toString('base64')

export async function clearTalk(port: number): Promise<SmtpTalk> {
  const socket = connect({ host: '127.0.0.1', port })
  await once(socket, 'connect')
  return new SmtpTalk(socket)
}

export async function secureTalk(port: number, ca: string, localAddress = '127.0.0.1'): Promise<SmtpTalk> {
  const socket = connectSecurely({
    socket: connect({ host: '127.0.0.1', port, localAddress }),
    ca,
    servername: 'localhost',
  })
  await once(socket, 'secureConnect')
  return new SmtpTalk(socket)
}

export class SmtpTalk {
  #socket: Socket | TLSSocket
  #said = ''
  isClosed = false

  constructor(socket: Socket | TLSSocket) {
    this.#socket = socket
    this.#listen()
  }

  #listen(): void {
    this.#socket.on('error', () => {})
    this.#socket.on('data', (octets: Buffer) => {
      this.#said += octets.toString('latin1')
    })
    this.#socket.on('close', () => {
      this.isClosed = true
    })
  }

  /** Sends octets as they are. */
  send(octets: string | Buffer): void {
    this.#socket.write(typeof octets === 'string' ? Buffer.from(octets, 'utf8') : octets)
  }

  /** Resolves with the next reply; '' if the connection was closed instead. */
  async reply(): Promise<string> {
    const whole = /^(?:\d{3}-[^\n]*\r\n)*\d{3} [^\n]*\r\n/
    let found = ''
    await until('a reply', () => {
      found = whole.exec(this.#said)?.[0] ?? ''
      return found !== '' || this.isClosed
    })
    this.#said = this.#said.slice(found.length)
    return found
  }

  async says(code: number): Promise<string> {
    const reply = await this.reply()
    if (!reply.startsWith(`${code}`)) throw new Error(`${code} was to come, and this came: ${JSON.stringify(reply)}`)
    return reply
  }

  async asks(line: string, code: number): Promise<string> {
    this.send(`${line}\r\n`)
    return await this.says(code)
  }

  async startTls(ca: string): Promise<void> {
    await this.asks('STARTTLS', 220)
    await this.securely(ca)
  }

  async securely(ca: string): Promise<void> {
    const plainSocket = this.#socket
    plainSocket.removeAllListeners('data')
    const socket = connectSecurely({ socket: plainSocket, ca, servername: 'localhost' })
    await once(socket, 'secureConnect')
    this.#socket = socket
    this.#listen()
  }

  /** Resolves when what was sent has left this process. */
  async drained(): Promise<void> {
    if (this.#socket.writableNeedDrain) await once(this.#socket, 'drain')
  }

  async closed(): Promise<void> {
    await until('the end of the connection', () => this.isClosed)
  }

  close(): void {
    this.#socket.destroy()
  }
}
