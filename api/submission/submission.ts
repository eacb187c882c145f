/**
 * What a client of the submission server may do, command by command (RFC 6409). Nothing goes on without TLS and a login, whatever smtp-server
 * has let through: each step asks again.
 */
import type { SMTPServerAddress, SMTPServerAuthentication, SMTPServerDataStream, SMTPServerSession } from 'smtp-server'
import type { Logger } from '../../src/log.ts'
import { isNoRoom } from '../../src/no-room.ts'
import { asciiAddress, isAscii } from '../../src/send/address.ts'
import { demandSender, type PermittedSender } from '../../src/send/sender.ts'
import type { SubmissionConnection } from './connection.ts'
import { submissionLimits } from './limits.ts'
import type { SubmissionLogins, Submitter } from './logins.ts'
import { SubmissionReply, replyText, replyTo } from './reply.ts'
import { octetsMaxOf, takeMessage, type TakingWorld } from './take-message.ts'

export interface SubmissionWorld extends TakingWorld {
  readonly logins: Pick<SubmissionLogins, 'check' | 'stillHolds'>
  /** The identities of a mailbox. */
  readonly sendersOf: (destinationId: string) => Promise<readonly PermittedSender[]>
  /** Whether nobody may be asked about just now: a backup is being put back, or the data are carried over. */
  readonly isChanging: () => Promise<boolean>
  readonly log: Logger
}

type Done<T = void> = (error: Error | null, result?: T) => void

export class Submission {
  readonly #world: SubmissionWorld
  /** How many messages come from each mailbox now. */
  readonly #coming = new Map<string, number>()

  constructor(world: SubmissionWorld) {
    this.#world = world
  }

  auth(client: SubmissionConnection, shown: SMTPServerAuthentication, done: Done<{ user: Submitter }>): void {
    const [username, password] = [shown.username ?? '', shown.password ?? '']
    const { authzid = '', authcid = '' } = shown
    this.#settle(454, done, async () => {
      demandTls(client)
      try {
        if (username === '' || password === '')
          throw new SubmissionReply(535, '5.7.8', 'A login and its password are needed')
        if (authzid !== '' && authcid !== '' && authzid.toLowerCase() !== authcid.toLowerCase())
          throw new SubmissionReply(535, '5.7.8', 'A login acts for itself alone')
        await this.#demandSettled(454)
        const user = await this.#world.logins.check({ user: username, password, ip: client.remoteAddress })
        client.loggedIn()
        return { user }
      } catch (error) {
        client.failures += 1
        if (error instanceof SubmissionReply && client.failures >= submissionLimits.failuresMax)
          throw new SubmissionReply(421, '4.7.0', 'Too many logins have failed')
        throw error
      }
    })
  }

  mail(client: SubmissionConnection, { address }: SMTPServerAddress, done: Done): void {
    const { envelope } = client.session
    this.#settle(451, done, async () => {
      try {
        const { destinationId } = await this.#submitter(client)
        if (address !== '') {
          demandWritable(address, client.session)
          demandSender(address, await this.#world.sendersOf(destinationId), 'The envelope sender')
        }
      } catch (error) {
        // smtp-server keeps the parameters of a MAIL that was refused for the next one.
        Object.assign(envelope, { bodyType: '7bit', smtpUtf8: false, dsn: { ret: null, envid: null } })
        throw error
      }
    })
  }

  recipient(client: SubmissionConnection, { address }: SMTPServerAddress, done: Done): void {
    this.#settle(451, done, async () => {
      demandLogin(client)
      if (!address.includes('@')) throw new SubmissionReply(553, '5.1.3', 'The recipient needs a domain')
      demandWritable(address, client.session)
    })
  }

  data(client: SubmissionConnection, stream: SMTPServerDataStream, done: Done<string>): void {
    // Without a listener an error of it would end the process.
    stream.on('error', () => {})
    client.isBusy = true
    const late = () => client.end(421, '4.4.2 The message took too long')
    const timer = setTimeout(late, submissionLimits.messageMs).unref()
    this.#settle(451, done, async () => {
      try {
        return await this.#take(client, stream)
      } catch (error) {
        await heardOut(client, stream, octetsMaxOf(this.#world))
        throw error
      } finally {
        clearTimeout(timer)
        client.answered()
      }
    })
  }

  async #take(client: SubmissionConnection, stream: SMTPServerDataStream): Promise<string> {
    const submitter = await this.#submitter(client)
    const { destinationId } = submitter
    const coming = this.#coming.get(destinationId) ?? 0
    const all = [...this.#coming.values()].reduce((sum, one) => sum + one, 0)
    if (coming >= submissionLimits.messagesEachMax || all >= submissionLimits.messagesMax)
      throw new SubmissionReply(451, '4.3.2', 'Too many messages come at once; try again in a moment')
    this.#coming.set(destinationId, coming + 1)
    try {
      const senders = await this.#world.sendersOf(destinationId)
      const { id, repeated } = await takeMessage(this.#world, { submitter, senders, session: client.session, stream })
      return replyText('2.6.0', repeated ? `It was taken before, as ${id}` : `Taken as ${id}`)
    } finally {
      const left = (this.#coming.get(destinationId) ?? 1) - 1
      if (left > 0) this.#coming.set(destinationId, left)
      else this.#coming.delete(destinationId)
    }
  }

  /** @throws SubmissionReply unless the login still holds: the mailbox may be gone, or have another password. */
  async #submitter(client: SubmissionConnection): Promise<Submitter> {
    const submitter = demandLogin(client)
    await this.#demandSettled(451)
    if (await this.#world.logins.stillHolds(submitter)) return submitter
    throw new SubmissionReply(421, '4.7.0', 'This login is no longer valid; log in again')
  }

  /** A mailbox that is not there at this moment may be there in the next one: nobody is refused for good. */
  async #demandSettled(code: 451 | 454): Promise<void> {
    if (await this.#world.isChanging())
      throw new SubmissionReply(code, '4.3.2', 'The data are being put back or carried over here; try again in a while')
  }

  /** Whatever is thrown becomes an answer. @param code of what nobody foresaw. */
  #settle<T>(code: 451 | 454, done: Done<T>, act: () => Promise<T>): void {
    void this.#settled(code, done, act)
  }

  async #settled<T>(code: 451 | 454, done: Done<T>, act: () => Promise<T>): Promise<void> {
    const result = await act().catch((error: unknown) => this.#replyTo(error, code))
    if (result instanceof SubmissionReply) done(result)
    else done(null, result)
  }

  #replyTo(error: unknown, code: 451 | 454): SubmissionReply {
    const reply = replyTo(error)
    if (reply === undefined || isNoRoom(error))
      this.#world.log.error({ event: 'submission broke', reason: String(error) })
    if (reply !== undefined) return reply
    const enhanced = code === 454 ? '4.7.0' : '4.3.0'
    return new SubmissionReply(code, enhanced, 'Something here does not work now; try again in a while')
  }
}

function demandTls({ secure }: SubmissionConnection): void {
  if (!secure) throw new SubmissionReply(530, '5.7.0', 'Issue STARTTLS first')
}

function demandLogin(client: SubmissionConnection): Submitter {
  demandTls(client)
  const user = client.session.user as Submitter | undefined
  if (!user) throw new SubmissionReply(530, '5.7.0', 'Log in first')
  return user
}

/** A name that is not ASCII goes out by SMTPUTF8 alone (RFC 6531). Of its domain there is another form. */
function demandWritable(address: string, { envelope }: SMTPServerSession): void {
  if (!isAscii(asciiAddress(address)) && envelope.smtpUtf8 !== true)
    throw new SubmissionReply(553, '5.6.7', 'An address that is not ASCII needs the parameter SMTPUTF8')
}

/** Clients read the answer when they have sent the whole message. */
async function heardOut(client: SubmissionConnection, stream: SMTPServerDataStream, octetsMax: number): Promise<void> {
  let left = octetsMax + submissionLimits.refusedOctetsMax - stream.byteLength
  try {
    for await (const piece of stream.iterator({ destroyOnReturn: false })) {
      left -= (piece as Buffer).length
      if (left < 0) return client.end(421, '4.3.0 The message was refused, and goes on without end')
    }
  } catch {
    // It is gone.
  }
}
