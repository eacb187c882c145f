/**
 * One visit to an account's SMTP server: what is due goes out over one connection, and over some more where much is due. What fails before any
 * message is the account's: it is held, and its messages wait.
 */
import { randomBytes } from 'node:crypto'
import type { ServerLogin } from '../src/account/account.ts'
import { hostPort } from '../src/account/server-traits.ts'
import { smtpLoginOf } from '../src/account/smtp-login.ts'
import { consequenceOf } from '../src/failure/consequence.ts'
import type { Failure } from '../src/failure/failure.ts'
import { happened } from '../src/failure/sentences.ts'
import { failureOf } from '../src/failure/session-failed.ts'
import { smtpStepOf } from '../src/failure/smtp-step.ts'
import type { AccountRecord } from '../src/redis/account-record.ts'
import type { SendingTurn } from '../src/redis/sending-turns.ts'
import { type AttemptEnd, attemptEnded } from '../src/send/transitions.ts'
import { sendFailure } from '../src/smtp/ending.ts'
import type { SmtpSession } from '../src/smtp/session.ts'
import { attempt, type Attempted, type Claimed, type Sender } from './outbox-attempt.ts'
import { SendBrake } from './outbox-brake.ts'
import { workerLimits } from './limits.ts'
import { logSenderHeld, logSent } from './outbox-log.ts'
import { openSmtp } from './outbox-logins.ts'
import { afterEffect, beforeEffect, type SendWorld } from './outbox-world.ts'

export async function visitSmtp(world: SendWorld, accountId: string): Promise<void> {
  const { accounts, sendings, room } = world
  const record = await accounts.get(accountId)
  const login = record === undefined ? undefined : smtpLoginOf(record.account)
  if (record === undefined || login === undefined)
    return await putOff(world, accountId, { kind: 'rejected', failure: { kind: 'identity gone', reply: null } })
  const server = hostPort(login)
  const leave = room.enter(server)
  if (leave === undefined) {
    const { silentHostAgainMs } = workerLimits
    const afterMs = silentHostAgainMs * (1 + Math.random())
    return await sendings.hold(accountId, Math.round((await sendings.nowMs()) + afterMs))
  }
  try {
    await new SmtpVisit(world, record, login, await SendBrake.open(world, record, login)).make()
  } finally {
    leave()
  }
}

interface Turned extends Claimed {
  readonly turn: SendingTurn
}

class SmtpVisit {
  readonly #world: SendWorld
  readonly #record: AccountRecord
  readonly #login: ServerLogin
  readonly #brake: SendBrake
  readonly #endMs: number
  readonly #others = new Set<Promise<void>>()
  #lanes = 0
  /** The connections that are not there yet. */
  #opening = 0
  /** No message is begun any more. */
  #isOver = false
  #hasTaken = false

  constructor(world: SendWorld, record: AccountRecord, login: ServerLogin, brake: SendBrake) {
    this.#world = world
    this.#record = record
    this.#login = login
    this.#brake = brake
    this.#endMs = performance.now() + (world.pace.visitMs ?? workerLimits.sendVisitMs)
  }

  get #accountId(): string {
    return this.#record.account.id
  }

  async make(): Promise<void> {
    const { room, sendings } = this.#world
    const server = hostPort(this.#login)
    let session: SmtpSession
    try {
      session = await this.#open()
      room.found(server, true)
    } catch (error) {
      const failure = failureOf(error)
      if (failure.kind === 'stopped') return
      if (failure.kind === 'unreachable' || failure.kind === 'silent') room.found(server, false)
      await this.#brake.heard(failure, 1)
      const notBeforeMs = await this.#hold(failure)
      return await putOff(this.#world, this.#accountId, {
        kind: 'deferred',
        failure: sendFailure(failure),
        notBeforeMs,
      })
    }
    // Another visit may have learnt that it is held.
    await sendings.hold(this.#accountId, null)
    await this.#lane(session)
    while (this.#others.size > 0) await Promise.all(this.#others)
  }

  async #open(): Promise<SmtpSession> {
    await beforeEffect(this.#world, this.#accountId, 'open')
    const session = await openSmtp(this.#world, this.#record, this.#login, this.#world.stopping)
    await afterEffect(this.#world, this.#accountId, 'open')
    return session
  }

  /** Sends one message after the other over a connection. */
  async #lane(opened: SmtpSession): Promise<void> {
    this.#lanes += 1
    let session = opened
    let isUsed = false
    try {
      while (this.#goesOn && session.isOpen) {
        const claimed = await this.#claim()
        if (claimed === undefined) break
        let isOfLane = false
        const attempted = await this.#attempted(claimed, {
          isUsed,
          session: async (anew) => {
            if (!anew) return session
            session.destroy()
            return (session = await this.#open())
          },
          hold: async (failure) => {
            const kind = await this.#brake.heard(failure, this.#lanes)
            // The others go on, and what it had goes out by them.
            isOfLane = kind === 'connections' && this.#lanes > 1
            return isOfLane ? await this.#world.sendings.nowMs() : await this.#hold(failure)
          },
        })
        isUsed = true
        const { held, isTaken, recipientsMost } = attempted
        if (recipientsMost !== undefined) await this.#brake.learn('recipients', recipientsMost)
        if (isTaken) await this.#wentWell()
        if (isOfLane) break
        if (held !== undefined) this.#isOver = true
        else if (isTaken) await this.#widen()
      }
    } finally {
      this.#lanes -= 1
      await session.quit()
    }
  }

  async #attempted({ turn, ...claimed }: Turned, sender: Omit<Sender, 'record'>): Promise<Attempted> {
    let mayBeTaken = false
    try {
      const attempted = await attempt(this.#world, claimed, { ...sender, record: this.#record })
      mayBeTaken = attempted.mayBeTaken
      return attempted
    } finally {
      await this.#brake.end(turn, mayBeTaken)
    }
  }

  get #connections(): number {
    return this.#lanes + this.#opening
  }

  get #goesOn(): boolean {
    return !this.#isOver && !this.#world.stopping.aborted && performance.now() < this.#endMs
  }

  async #claim(): Promise<Turned | undefined> {
    const { sendings, leaseMs } = this.#world
    const turn = await this.#brake.turn()
    if (turn === undefined) return undefined
    let claimed: Claimed | undefined
    try {
      await beforeEffect(this.#world, this.#accountId, 'claim')
      const token = randomBytes(12).toString('base64url')
      const claimedAtMs = performance.now()
      const entry = await sendings.claimOne(this.#accountId, token, leaseMs, await this.#brake.recipientsMost())
      claimed = entry && { entry, token, claimedAtMs }
    } finally {
      if (claimed === undefined) await this.#brake.end(turn, false)
    }
    if (claimed === undefined) return undefined
    await afterEffect(this.#world, this.#accountId, 'claim')
    return { ...claimed, turn }
  }

  /** Opens one more connection where much is due. One that is refused says no more than that there are enough. */
  async #widen(): Promise<void> {
    const { sendings } = this.#world
    const lanesMost = await this.#brake.lanesMost()
    if (this.#lanes >= lanesMost || !this.#goesOn) return
    const due = await sendings.dueCount(this.#accountId, await sendings.nowMs())
    if (due < this.#lanes * workerLimits.sendLanePer || this.#connections >= lanesMost) return
    this.#opening += 1
    const lane = this.#another()
      .catch(() => {})
      .finally(() => this.#others.delete(lane))
    this.#others.add(lane)
  }

  async #another(): Promise<void> {
    let session: SmtpSession
    try {
      session = await this.#open()
    } catch (error) {
      return await this.#turnedAway(failureOf(error))
    } finally {
      this.#opening -= 1
    }
    await this.#lane(session)
  }

  /** One connection more than there are was too many, whatever words the server had for it. */
  async #turnedAway({ kind }: Failure): Promise<void> {
    if (kind !== 'throttled' && kind !== 'provider refused') return
    await this.#brake.learn('connections', this.#connections - 1)
  }

  async #wentWell(): Promise<void> {
    if (this.#hasTaken) return
    this.#hasTaken = true
    const { senders } = this.#world
    if (await senders.forget(this.#accountId)) await senders.tell(this.#record.account)
  }

  /** Nothing of the account goes out until then. */
  async #hold(failure: Failure): Promise<number> {
    const { sendings, senders, log } = this.#world
    const nowMs = await sendings.nowMs()
    const before = await senders.state(this.#accountId)
    const { next, history } = consequenceOf(failure, before, nowMs, Math.random())
    const afterMs = next.do === 'try again' ? next.afterMs : workerLimits.sendStoppedAgainMs
    const untilMs = Math.round(nowMs + afterMs)
    if (failure.kind === 'stopped' || failure.kind === 'superseded') return untilMs
    const attention = before.attention || next.do === 'stop until somebody acts'
    await senders.setState(this.#accountId, {
      ...history,
      attention,
      limit: null,
      failure: { kind: failure.kind, message: happened(failure), step: smtpStepOf(failure) },
    })
    await sendings.hold(this.#accountId, untilMs)
    if (before.failure?.kind !== failure.kind) await senders.tell(this.#record.account)
    logSenderHeld(log, this.#accountId, failure, afterMs)
    return untilMs
  }
}

/** Tells what is due why it is not sent now, or at all: their patience goes on. */
async function putOff(world: SendWorld, accountId: string, end: AttemptEnd): Promise<void> {
  const { sendings, leaseMs, log, followUp } = world
  const token = randomBytes(12).toString('base64url')
  const entries = await sendings.claim(accountId, token, leaseMs, workerLimits.sendPutOffAtOnce)
  const nowMs = await sendings.nowMs()
  for (const { id } of entries) {
    const written = await sendings.during(id, token, (before) => attemptEnded(before, end, nowMs), { mustHold: false })
    if (written === undefined) continue
    logSent(log, written)
    followUp(written)
  }
}
