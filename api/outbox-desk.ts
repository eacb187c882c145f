/**
 * The one way into the outbox, for mail programs and for the API. A message is taken when its bytes are synced and its entry is made, in this
 * order: whoever is killed between them has accepted nothing, and what was accepted is on the disk.
 */
import type { Redis } from 'ioredis'
import { type OutboxFiles, type SpooledBody } from '../src/disk/outbox.ts'
import { diskLimits } from '../src/disk/limits.ts'
import type { Account } from '../src/account/account.ts'
import { encodedWords } from '../src/imap/garbled.ts'
import { singleLine } from '../src/printable.ts'
import type { Accounts } from '../src/redis/accounts.ts'
import type { Sendings } from '../src/redis/outbox.ts'
import type { DsnNotify, OutboxEntry } from '../src/send/entry.ts'
import { findIdentity, identitiesOf } from '../src/send/identity.ts'
import { sendLimits } from '../src/send/limits.ts'
import type { CheckedMessage } from '../src/send/outgoing-message.ts'
import { overRate } from '../src/send/rate.ts'
import type { SendRefusal } from '../src/send/refused.ts'
import { newId } from './app.ts'
import { sendersOf } from './routes/identities.ts'

export interface DeskWorld {
  readonly redis: Redis
  readonly accounts: Accounts
  readonly sendings: Sendings
  readonly outboxFiles: OutboxFiles
}

/** A body that is being written, and is nobody's yet. */
export interface OutgoingDraft {
  readonly id: string
  write(piece: Buffer): Promise<void>
  /** Does nothing once the outbox has it. */
  discard(): Promise<void>
}

export interface HandedIn {
  readonly destinationId: string
  /** By SMTP: who has logged in. */
  readonly login?: string
  /** Of the envelope; '' is the null sender. */
  readonly sender: string
  readonly recipients: readonly {
    readonly address: string
    readonly notify?: readonly DsnNotify[]
    readonly orcpt?: string
  }[]
  readonly utf8: boolean
  readonly eightBit: boolean
  readonly dsn: OutboxEntry['dsn']
  readonly message: CheckedMessage
  readonly draft: OutgoingDraft
  /** By the API: the caller's `Idempotency-Key`. */
  readonly key?: string | undefined
  /** By the API, with a key: a digest of the request. A repeat has the same one. */
  readonly asked?: string | undefined
  /** By the API: of an address that is there twice, the account that was named. */
  readonly accountId?: string | undefined
  readonly sendAtMs?: number | undefined
}

export interface Taken {
  readonly id: string
  readonly repeated: boolean
  readonly entry: OutboxEntry
}

export class OutboxDesk {
  readonly #world: DeskWorld
  readonly #bodies = new WeakMap<OutgoingDraft, SpooledBody>()

  constructor(world: DeskWorld) {
    this.#world = world
  }

  async begin(): Promise<OutgoingDraft> {
    const body = await this.#world.outboxFiles.spool(newId())
    const draft: OutgoingDraft = {
      id: body.id,
      write: async (piece) => await body.write(piece),
      discard: async () => {
        if (this.#bodies.delete(draft)) await body.discard()
      },
    }
    this.#bodies.set(draft, body)
    return draft
  }

  /** Resolves when bytes and entry are durable. If it fails, nobody knows whether the entry is made: the same request, made again, gets it. */
  async accept(submitted: HandedIn): Promise<Taken | SendRefusal> {
    const { draft, destinationId, message } = submitted
    const body = this.#bodies.get(draft)
    if (body === undefined) throw new Error('the draft is not of this desk, or was taken before')
    const repeated = await this.#answered(submitted)
    const refusal = repeated === undefined ? await this.#shortage(destinationId, message.octets) : undefined
    if (repeated !== undefined || refusal !== undefined) {
      await draft.discard()
      return repeated ?? (refusal as SendRefusal)
    }
    const entry = await this.#entryOf(submitted)
    if ('code' in entry) {
      await draft.discard()
      return entry
    }
    // From here on it may be in the outbox, whatever is heard of it: a sweep removes it if it is not.
    await body.commit()
    this.#bodies.delete(draft)
    const created = await this.#world.sendings.create(entry, requestOf(submitted))
    if (created.answer !== 'done') await body.discard()
    if ('entry' in created)
      return { id: created.entry.id, repeated: created.answer === 'repeated', entry: created.entry }
    return refusals[created.answer]
  }

  async #answered(submitted: HandedIn): Promise<Taken | undefined> {
    const request = requestOf(submitted)
    const entry = request === undefined ? undefined : await this.#world.sendings.answered(request)
    return entry && { id: entry.id, repeated: true, entry }
  }

  async #shortage(destinationId: string, octets: number): Promise<SendRefusal | undefined> {
    const { sendings, outboxFiles } = this.#world
    const free = await outboxFiles.freeOctets()
    // What has come lies on the disk already.
    if (free !== undefined && free < diskLimits.outboxDiskFreeOctets) return refusals['full in all']
    return (await sendings.hasRoom(destinationId, octets)) ? undefined : refusals.full
  }

  /** A mail program that is told so keeps the message, and tries again. */
  async #late({ id, address, sendLimit }: Account, nowMs: number): Promise<SendRefusal | undefined> {
    if (sendLimit === null) return undefined
    const waiting = await this.#world.sendings.countOf(id)
    return overRate(address, { perHour: sendLimit.perHour, waiting, nowMs })
  }

  async #entryOf({ message, ...submitted }: HandedIn): Promise<OutboxEntry | SendRefusal> {
    const { destinationId, login, sender, recipients, utf8, eightBit, dsn, draft, accountId, asked } = submitted
    const senders = await sendersOf(this.#world.accounts, destinationId)
    const identities = identitiesOf(senders)
    const named = findIdentity(identities, accountId ?? message.identity)
    const account = senders.find((one) => one.account.id === named?.accountId)?.account
    if (named === undefined || account === undefined) return refusals.gone
    const nowMs = await this.#world.sendings.nowMs()
    const late = login === undefined ? undefined : await this.#late(account, nowMs)
    if (late !== undefined) return late
    const sendAtMs = Math.max(nowMs, submitted.sendAtMs ?? nowMs)
    return {
      id: draft.id,
      destinationId,
      accountId: account.id,
      identity: message.identity,
      sender,
      messageId: message.messageId,
      subject: singleLine(encodedWords(message.subject)).slice(0, sendLimits.subjectShownMax),
      octets: message.octets,
      digest: message.digest,
      bcc: message.bcc.toString('latin1'),
      origin: login === undefined ? 'api' : 'submission',
      ...(login === undefined ? {} : { login }),
      ...(asked === undefined ? {} : { asked }),
      createdAtMs: nowMs,
      sendAtMs,
      state: 'queued',
      recipients: recipients.map((one) => ({ ...one, state: 'queued', reply: null })),
      attempts: 0,
      nextAttemptAtMs: sendAtMs,
      endedAtMs: null,
      failure: null,
      utf8,
      eightBit,
      dsn,
      attempt: null,
      lastDot: null,
      copy: {
        state: account.sentCopy === 'never' ? 'unwanted' : 'wanted',
        nextAtMs: null,
        folder: null,
        uid: null,
        uidValidity: null,
        token: null,
      },
      report: { state: 'none', nextAtMs: null, named: [] },
      bounces: [],
    }
  }
}

const refusals = {
  gone: {
    code: 550,
    enhanced: '5.7.1',
    sentence: 'The account of this address is gone; send as another address of the mailbox',
  },
  full: {
    code: 452,
    enhanced: '4.2.2',
    sentence: 'As much waits to be sent from this mailbox as may; wait until messages have gone, or cancel some',
  },
  'full in all': {
    code: 452,
    enhanced: '4.3.1',
    sentence: 'There is no room for messages to be sent just now; try again later, or ask whoever runs this server',
  },
} as const satisfies Record<string, SendRefusal>

/** What makes two requests the same; undefined: each is one of its own. */
function requestOf({ destinationId, login, sender, recipients, message, key }: HandedIn): string | undefined {
  if (login === undefined) return key === undefined ? undefined : `api ${destinationId} ${key}`
  const to = recipients.map(({ address }) => address).toSorted()
  return JSON.stringify(['smtp', destinationId, login, sender, to, message.came])
}
