/** Listens for people's mail programs: at one port under TLS, at another one with STARTTLS (RFC 8314). */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server'
import { withDeadline } from '../../src/deadline.ts'
import type { Pair } from '../../src/disk/certificate.ts'
import type { Logger } from '../../src/log.ts'
import { sendLimits } from '../../src/send/limits.ts'
import { addressBlockOf } from '../http/protection.ts'
import { SubmissionConnection } from './connection.ts'
import { submissionLimits } from './limits.ts'
import { Submission, type SubmissionWorld } from './submission.ts'
import { octetsMaxOf } from './take-message.ts'

export interface SubmissionPlaces {
  readonly host: string
  /** 0: not served. */
  readonly submissionsPort: number
  readonly submissionPort: number
  readonly publicName: string
}

/** smtp-server, with our connections. */
class Sessions extends SMTPServer {
  readonly #clients = new Map<SMTPServerSession, SubmissionConnection>()
  /** What is done when the socket is closed. smtp-server takes all listeners from one on which TLS begins. */
  readonly closing = new WeakMap<Socket, () => void>()

  override connect(socket: Socket, options: Parameters<SMTPServer['connect']>[1]): void {
    const client = new SubmissionConnection(this, socket, options ?? undefined)
    this.connections.add(client)
    this.#clients.set(client.session, client)
    void client.gone.then(() => {
      this.#clients.delete(client.session)
      this.closing.get(socket)?.()
    })
    client.on('error', (error: Error) => this.emit('error', error))
    client.init()
  }

  of(session: SMTPServerSession): SubmissionConnection {
    const client = this.#clients.get(session)
    if (client === undefined) throw new Error('a session without a connection')
    return client
  }

  get clients(): readonly SubmissionConnection[] {
    return [...this.#clients.values()]
  }

  /** Ends who has not ended the handshake. */
  dropStrangers(): void {
    for (const socket of this._pendingSockets.values()) socket.destroy()
  }
}

interface Door {
  readonly port: number
  readonly sessions: Sessions
}

export class SubmissionServer {
  readonly #host: string
  readonly #log: Logger
  readonly #doors: readonly Door[]
  readonly #listeners = new Set<Server>()
  /** Connections from each block of addresses. */
  readonly #from = new Map<string, number>()
  #connections = 0
  #isStopping = false

  constructor({ host, publicName, ...ports }: SubmissionPlaces, pair: Pair, world: SubmissionWorld) {
    this.#host = host
    this.#log = world.log
    const submission = new Submission(world)
    const size = octetsMaxOf(world)
    this.#doors = [
      {
        port: ports.submissionsPort,
        sessions: sessionsOf(submission, optionsOf(publicName, pair, true, size), world.log),
      },
      {
        port: ports.submissionPort,
        sessions: sessionsOf(submission, optionsOf(publicName, pair, false, size), world.log),
      },
    ]
  }

  /** The next handshake has it. */
  renew({ cert, key }: Pair): void {
    for (const { sessions } of this.#doors) sessions.updateSecureContext({ cert, key })
  }

  /** Gives the ports at which it listens. One that is taken is tried again and again, and the rest of the API goes on. */
  async listen(): Promise<readonly number[]> {
    return await this.#listenAt(this.#doors.filter(({ port }) => port !== 0))
  }

  /** For tests: at free ports, the one under TLS first. */
  async listenAnywhere(): Promise<readonly number[]> {
    return await this.#listenAt(this.#doors)
  }

  async #listenAt(doors: readonly Door[]): Promise<readonly number[]> {
    return await Promise.all(doors.map(async (door) => await this.#listen(door)))
  }

  async #listen({ port, sessions }: Door): Promise<number> {
    const listener = createServer((socket) => this.#accept(socket, sessions))
    try {
      listener.listen({ host: this.#host, port })
      await once(listener, 'listening')
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#log.error({ event: 'submission broke', port, reason }, `Nobody can send by port ${port}: ${reason}`)
      const again = () => void (this.#isStopping || this.#listen({ port, sessions }))
      setTimeout(again, submissionLimits.listenAgainMs).unref()
      return port
    }
    listener.on('error', ({ message: reason }) => this.#log.error({ event: 'submission broke', port, reason }))
    this.#listeners.add(listener)
    if (this.#isStopping) listener.close()
    this.#log.info({ event: 'submission listens', host: this.#host, port })
    return (listener.address() as AddressInfo | null)?.port ?? port
  }

  #accept(socket: Socket, sessions: Sessions): void {
    socket.on('error', () => {})
    const from = addressBlockOf(socket.remoteAddress ?? '')
    const before = this.#from.get(from) ?? 0
    const { connectionsMax, connectionsEachMax } = submissionLimits
    if (this.#isStopping || this.#connections >= connectionsMax || before >= connectionsEachMax) {
      // Where TLS comes first nothing can be said.
      if (sessions.options.secure === true) socket.destroy()
      else refuse(socket)
      return
    }
    this.#connections += 1
    this.#from.set(from, before + 1)
    let isClosed = false
    const closed = () => {
      if (isClosed) return
      isClosed = true
      this.#connections -= 1
      const left = (this.#from.get(from) ?? 1) - 1
      if (left > 0) this.#from.set(from, left)
      else this.#from.delete(from)
    }
    socket.once('close', closed)
    sessions.closing.set(socket, closed)
    sessions.server.emit('connection', socket)
  }

  /** Who is idle goes at once, and the others when their message is in, or when the time is over. */
  async stop(waitMs: number = submissionLimits.stopMs): Promise<void> {
    this.#isStopping = true
    for (const listener of this.#listeners) listener.close()
    for (const { sessions } of this.#doors) sessions.dropStrangers()
    const clients = this.#doors.flatMap(({ sessions }) => sessions.clients)
    for (const client of clients) client.stop()
    const all = Promise.all(clients.map(async ({ gone }) => await gone))
    await withDeadline<unknown>(all, { waitMs, late: () => undefined }).catch(() => {})
    for (const client of clients) client.end(421, '4.3.2 Tributary stops here; try again in a moment')
  }
}

/** RFC 5321 section 3.8: a mail program that is told 421 comes again. */
function refuse(socket: Socket): void {
  socket.setTimeout(submissionLimits.refusedMs, () => socket.destroy())
  socket.resume()
  socket.end('421 4.7.0 Too many connections come from your address, or in all; try again in a while\r\n', () =>
    socket.destroySoon(),
  )
}

/** @param isSecure TLS begins with the connection. */
function optionsOf(name: string, { cert, key }: Pair, isSecure: boolean, size: number): SMTPServerOptions {
  return {
    name,
    cert,
    key,
    secure: isSecure,
    minVersion: 'TLSv1.2',
    heloResponse: '%s',
    size,
    maxRecipients: sendLimits.recipientsMax,
    maxCommandLength: submissionLimits.lineOctetsMax,
    maxClients: submissionLimits.connectionsMax,
    maxAllowedUnauthenticatedCommands: submissionLimits.strangersCommandsMax,
    socketTimeout: submissionLimits.strangerIdleMs,
    authMethods: ['PLAIN', 'LOGIN'],
    authRequiredMessage: '5.7.0 Log in first; without TLS, issue STARTTLS before that',
    disabledCommands: ['XCLIENT', 'XFORWARD', 'WIZ', 'SHELL', 'KILL', 'HELP'],
    hideENHANCEDSTATUSCODES: false,
    hideDSN: false,
    disableReverseLookup: true,
    logger: false,
  }
}

function sessionsOf(submission: Submission, options: SMTPServerOptions, log: Logger): Sessions {
  const sessions: Sessions = new Sessions({
    ...options,
    onAuth: (auth, session, done) => submission.auth(sessions.of(session), auth, done),
    onMailFrom: (address, session, done) => submission.mail(sessions.of(session), address, done),
    onRcptTo: (address, session, done) => submission.recipient(sessions.of(session), address, done),
    onData: (stream, session, done) => submission.data(sessions.of(session), stream, done),
  })
  // Clients that go away, and handshakes that fail.
  sessions.on('error', (error) => log.debug({ event: 'submission client failed', reason: error.message }))
  return sessions
}
