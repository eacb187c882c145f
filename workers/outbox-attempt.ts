/**
 * One attempt to send one message over a session. Each step is written down before its effect: whoever takes over after the death of this
 * process knows what may have been sent (docs/decisions/0086).
 */
import type { Failure } from '../src/failure/failure.ts'
import { failureOf, SessionFailed } from '../src/failure/session-failed.ts'
import type { AccountRecord } from '../src/redis/account-record.ts'
import { addressKey } from '../src/send/address.ts'
import { needsBody, type OutboxEntry } from '../src/send/entry.ts'
import { sendLimits } from '../src/send/limits.ts'
import {
  abandoned,
  type AttemptEnd,
  enveloped,
  type RecipientAnswer,
  attemptEnded,
  renamed,
  undecidable,
} from '../src/send/transitions.ts'
import { sendFailure } from '../src/smtp/ending.ts'
import { send, type SendAnswer, type SmtpEnvelope } from '../src/smtp/send.ts'
import type { SmtpSession } from '../src/smtp/session.ts'
import { AttemptLease } from './outbox-lease.ts'
import { logBodyMissing, logSent } from './outbox-log.ts'
import { afterEffect, beforeEffect, type SendWorld } from './outbox-world.ts'

export interface Attempted {
  /** The failure of the account's sending: no other message of it goes out now. */
  readonly held?: Failure | undefined
  /** Somebody got it. */
  readonly isTaken: boolean
  /** Somebody may have got it. */
  readonly mayBeTaken: boolean
  /** The server takes so many recipients at once, as it has said just now. */
  readonly recipientsMost?: number | undefined
}

const notTaken = { isTaken: false, mayBeTaken: false } as const

export interface Claimed {
  readonly entry: OutboxEntry
  readonly token: string
  /** By performance.now(). */
  readonly claimedAtMs: number
}

/** The account that sends it, and how. */
export interface Sender {
  readonly record: AccountRecord
  /** The session over which it goes. `anew`: another one, where the login of the first has ended. */
  session(anew: boolean): Promise<SmtpSession>
  /** Another message went over it before. */
  readonly isUsed: boolean
  /** When the account's sending may go on after this failure, in milliseconds since 1970. */
  hold(failure: Failure): Promise<number>
}

export async function attempt(world: SendWorld, claimed: Claimed, sender: Sender): Promise<Attempted> {
  const { sendings, leaseMs } = world
  const { id, accountId } = claimed.entry
  const lease = new AttemptLease(sendings, { id, token: claimed.token }, leaseMs, claimed.claimedAtMs)
  try {
    const end = await unfit(world, claimed.entry, sender.record)
    if (end !== undefined) {
      await settle(world, claimed, nothingTold, end)
      return notTaken
    }
    const answer = await answered(world, claimed, sender, lease)
    await afterEffect(world, accountId, 'answer')
    const untilMs = answer.held === undefined ? undefined : await sender.hold(answer.held)
    const written =
      answer.end.kind === 'deferred' && untilMs !== undefined ? { ...answer.end, notBeforeMs: untilMs } : answer.end
    await settle(world, claimed, toldIn(answer), written)
    const { held, recipientsMost } = answer
    const isTaken = answer.end.kind === 'accepted'
    return { held, isTaken, mayBeTaken: isTaken || answer.end.kind === 'unknown', recipientsMost }
  } catch (error) {
    return await notSent(world, claimed, sender, error)
  } finally {
    lease.end()
  }
}

/** Why it is not sent now, or ever; undefined: it is. */
async function unfit(
  world: SendWorld,
  entry: OutboxEntry,
  { account }: AccountRecord,
): Promise<AttemptEnd | undefined> {
  const { files, log } = world
  const { id, identity, destinationId } = entry
  if (addressKey(account.address) !== addressKey(identity) || account.destinationId !== destinationId)
    return { kind: 'rejected', failure: { kind: 'identity gone', reply: null } }
  const lastDot = await files.lastDot(id)
  // Redis is older than the disk: it may have been sent.
  if (lastDot !== null && lastDot !== entry.lastDot)
    return { kind: 'unknown', failure: { kind: 'restored', reply: null } }
  if ((await files.octetsOf(id)) === undefined) {
    logBodyMissing(log, entry, files.folder)
    return { kind: 'deferred', failure: { kind: 'body missing', reply: null } }
  }
  return undefined
}

/** Sends it. A session whose login has ended, or that was closed while nothing went over it, is made anew, once. */
async function answered(world: SendWorld, claimed: Claimed, sender: Sender, lease: AttemptLease): Promise<SendAnswer> {
  const session = await sender.session(false)
  const { isUsed } = sender
  const first = await sentOver(world, claimed, session, lease)
  const signsIn = sender.record.account.auth === 'oauth2'
  const hasEnded = isUsed && !session.isOpen && first.recipients.length === 0
  const isWorthAnother =
    first.held !== undefined && (hasEnded || (signsIn && first.held.kind === 'credentials refused'))
  return isWorthAnother ? await sentOver(world, claimed, await sender.session(true), lease) : first
}

async function sentOver(
  world: SendWorld,
  { entry, token }: Claimed,
  session: SmtpSession,
  lease: AttemptLease,
): Promise<SendAnswer> {
  const { sendings, files, stopping } = world
  const { id, accountId } = entry
  const ends = new AbortController()
  const stop = ({ target }: Event) => ends.abort((target as AbortSignal).reason)
  for (const signal of [stopping, lease.lost]) {
    if (signal.aborted) ends.abort(signal.reason)
    signal.addEventListener('abort', stop)
  }
  const step = async (change: (before: OutboxEntry) => OutboxEntry) => {
    if ((await sendings.during(id, token, change, { mustHold: true })) === undefined)
      throw new SessionFailed({ kind: 'superseded' })
  }
  try {
    await beforeEffect(world, accountId, 'envelope')
    return await send(session, envelopeOf(entry), files.read(id), {
      signal: ends.signal,
      enveloped: async (answers) => {
        await step((before) => enveloped(before, answers))
        await afterEffect(world, accountId, 'envelope')
        await beforeEffect(world, accountId, 'body')
      },
      beforeDot: async () => {
        await afterEffect(world, accountId, 'body')
        await beforeEffect(world, accountId, 'undecidable')
        await step(undecidable)
        await files.noteDot(id, token)
        await afterEffect(world, accountId, 'undecidable')
        await beforeEffect(world, accountId, 'dot')
        lease.demand()
      },
    })
  } finally {
    for (const signal of [stopping, lease.lost]) signal.removeEventListener('abort', stop)
  }
}

function envelopeOf({ sender, recipients, octets, utf8, eightBit, dsn }: OutboxEntry): SmtpEnvelope {
  return {
    from: sender,
    // Whoever has it is not sent to again.
    recipients: recipients.filter(({ state }) => state === 'sending'),
    octets,
    utf8,
    eightBit,
    dsn,
  }
}

/** What was thrown came before the dot, or in its place: nothing was sent. */
async function notSent(world: SendWorld, claimed: Claimed, sender: Sender, error: unknown): Promise<Attempted> {
  const failure = failureOf(error)
  if (failure.kind === 'superseded' || failure.kind === 'stopped') {
    await letGo(world, claimed)
    return notTaken
  }
  const untilMs = await sender.hold(failure)
  await settle(world, claimed, nothingTold, { kind: 'deferred', failure: sendFailure(failure), notBeforeMs: untilMs })
  return { ...notTaken, held: failure }
}

/** It is tried again at once, by whoever takes it. */
async function letGo(world: SendWorld, claimed: Claimed): Promise<void> {
  const { sendings, followUp } = world
  const {
    entry: { id },
    token,
  } = claimed
  const nowMs = await sendings.nowMs()
  // The dot was not sent, whatever is written down of it.
  const unsent = (before: OutboxEntry): OutboxEntry => ({
    ...before,
    attempt: before.attempt && { ...before.attempt, step: 'enveloped' },
  })
  const written =
    (await sendings.during(id, token, (before) => abandoned(unsent(before), nowMs), { mustHold: false })) ??
    // Another worker has given it up, since nobody could know.
    (await sendings.change(id, (before) => {
      const given = before.lastDot === token ? withUnknownAsSending(before, claimed.entry) : undefined
      return given && abandoned({ ...given, endedAtMs: null }, nowMs)
    }))
  if (written !== undefined) followUp(written)
}

interface Told {
  readonly recipients: readonly RecipientAnswer[]
  /** The server's own, without angle brackets. */
  readonly messageId?: string
}
const nothingTold: Told = { recipients: [] }

function toldIn({ recipients, end, messageId }: SendAnswer): Told {
  const own = end.kind === 'accepted' ? messageId?.replace(/^<|>$/g, '') : undefined
  const isUsable = own !== undefined && own.length > 0 && own.length <= sendLimits.messageIdOctetsMax
  return { recipients, ...(isUsable ? { messageId: own } : {}) }
}

/** Writes down what has become of it. */
async function settle(
  world: SendWorld,
  { entry, token }: Claimed,
  { recipients, messageId }: Told,
  end: AttemptEnd,
): Promise<void> {
  const { sendings, files, followUp, log } = world
  const { id, accountId } = entry
  await beforeEffect(world, accountId, 'settle')
  const nowMs = await sendings.nowMs()
  if (messageId !== undefined) await sendings.alsoCalled(entry, messageId)
  const settledFrom = (before: OutboxEntry) => {
    const answeredTo = recipients.length === 0 ? before : enveloped(before, recipients)
    return attemptEnded(messageId === undefined ? answeredTo : renamed(answeredTo, messageId), end, nowMs)
  }
  const written =
    (await sendings.during(id, token, settledFrom, { mustHold: false })) ??
    (await sendings.change(id, (before) => knownLate(before, entry, settledFrom)))
  await afterEffect(world, accountId, 'settle')
  if (written === undefined) return
  logSent(log, written)
  followUp(written)
  if (!needsBody(written)) await files.remove(id)
}

/** Another worker has given the attempt up, since nobody could know; now it is known. Undefined: it was tried again since, or has ended otherwise. */
function knownLate(
  before: OutboxEntry,
  claimed: OutboxEntry,
  settledFrom: (before: OutboxEntry) => OutboxEntry,
): OutboxEntry | undefined {
  const given = withUnknownAsSending(before, claimed)
  const known = given && settledFrom(given)
  return known?.state === 'unknown' ? undefined : known
}

/** As it was before it was given up. Of others to whom it may have been sent this attempt knows nothing. */
function withUnknownAsSending(
  before: OutboxEntry,
  { attempts, recipients: asked }: OutboxEntry,
): OutboxEntry | undefined {
  if (before.state !== 'unknown' || before.failure?.kind !== 'undecidable' || before.attempts !== attempts)
    return undefined
  const own = new Set(asked.filter(({ state }) => state === 'sending').map(({ address }) => address))
  const recipients = before.recipients.map((one) =>
    one.state === 'unknown' && own.has(one.address) ? { ...one, state: 'sending' as const } : one,
  )
  return { ...before, recipients }
}
