/** `/destinations/:id/messages` (POST) and `/drafts` (CONTRACT section 11): what somebody sends, or writes to send it later. */
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { isNoRoom } from '../../src/no-room.ts'
import type { Destinations } from '../../src/redis/destinations.ts'
import { addressKey, asciiAddress, isAscii } from '../../src/send/address.ts'
import type { OutboxEntry } from '../../src/send/entry.ts'
import { findIdentity, identitiesOf, whyNotSent } from '../../src/send/identity.ts'
import { sendLimits } from '../../src/send/limits.ts'
import { type CheckedMessage, writeOutgoing } from '../../src/send/outgoing-message.ts'
import { OutgoingRefused, type SendRefusal } from '../../src/send/refused.ts'
import { shownEntry } from '../../src/send/shown.ts'
import type { App } from '../app.ts'
import { Composing, recipientsOf } from '../composing.ts'
import { headerRecipients } from '../header-recipients.ts'
import { HeldLetters } from '../held-letters.ts'
import { findDestination } from '../http/found.ts'
import { badRequest, Problem } from '../http/problems.ts'
import { type HandlerOf, route } from '../http/route.ts'
import { msIn } from '../http/time-in.ts'
import { apiLimits } from '../limits.ts'
import { MailReading, type MailReadingWorld } from '../mail-reading.ts'
import { type DeskWorld, OutboxDesk } from '../outbox-desk.ts'
import * as schemas from '../schemas/outbox.ts'
import { IdempotencyKey, Id } from '../schemas/requests.ts'
import { sendersOf } from './identities.ts'

export interface MessagesWorld extends DeskWorld, MailReadingWorld {
  readonly destinations: Destinations
}

export async function messageRoutes(app: App, world: MessagesWorld): Promise<void> {
  const reading = new MailReading(world)
  app.addHook('onClose', async () => await reading.close())
  const handlers = new MessageHandlers(world, reading)
  const held = new HeldLetters()
  const bounds = { bodyLimit: apiLimits.letterOctetsMax, onRequest: held.demand }
  app.put('/destinations/:id/drafts', { ...putDraft, ...bounds }, handlers.putDraft)
  await app.register(async (sending: App) => {
    sending.removeContentTypeParser('text/plain')
    // A message may be larger than any memory.
    sending.addContentTypeParser('message/rfc822', (_request, body, done) => done(null, body))
    sending.post('/destinations/:id/messages', { ...sendMessage, ...bounds }, handlers.send)
  })
}

const sendMessage = route(
  { scope: 'operate' },
  {
    operationId: 'sendMessage',
    summary: 'Send a message',
    description:
      'As an address of the mailbox, by the SMTP server of its account. The body is a message (message/rfc822), which goes to its To, Cc and Bcc as it is but for Bcc, with Date and Message-ID where they are missing; or JSON, of which one is made. It is on the disk when this is answered, and sent from then on; the entry in the outbox tells what became of it. The same Idempotency-Key within two days is answered with the first message; with another one it is refused (422).',
    problems: ['not-sendable', 'outbox-full', 'too-large', 'store-unavailable', 'conflict', 'key-used', 'media-type'],
    params: Id,
    headers: IdempotencyKey,
    querystring: schemas.SendQuery,
    body: {
      content: {
        'application/json': { schema: schemas.NewLetter },
        'message/rfc822': { schema: { description: 'a whole message', contentMediaType: 'message/rfc822' } },
      },
    },
    response: { 202: schemas.OutboxEntry },
  },
)

const putDraft = route(
  // A page saves while somebody writes, and the mailbox itself has the draft.
  { scope: 'operate', audited: false },
  {
    operationId: 'putDraft',
    summary: 'Save a draft',
    description:
      'In the folder for drafts, where every mail program of the mailbox finds it. What it replaces goes once it is there; a message that is no draft is not replaced (404).',
    problems: ['store-unavailable', 'conflict'],
    params: Id,
    body: schemas.NewDraft,
    response: { 200: schemas.DraftPlace },
  },
)

class MessageHandlers {
  readonly #world: MessagesWorld
  readonly #desk: OutboxDesk
  readonly #composing: Composing

  constructor(world: MessagesWorld, reading: MailReading) {
    this.#world = world
    this.#desk = new OutboxDesk(world)
    this.#composing = new Composing(reading)
  }

  readonly send: HandlerOf<typeof sendMessage> = async (request, reply) => {
    const { id } = request.params
    await findDestination(this.#world.destinations, id)
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort())
    const body = request.body as Readable | schemas.NewLetter | null | undefined
    if (body == null) throw badRequest([{ pointer: '', detail: 'must be a message', rule: 'required' }])
    const entry = isStream(body)
      ? await this.#sendWhole(request, id, body)
      : await this.#sendLetter(request, id, body, gone.signal)
    request.about = entry.subject
    return await reply.code(202).header('location', `/api/v1/outbox/${entry.id}`).send(shownEntry(entry))
  }

  readonly putDraft: HandlerOf<typeof putDraft> = async ({ params: { id }, body }, reply) => {
    await findDestination(this.#world.destinations, id)
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort())
    const { identity: wanted } = body
    const senders = await sendersOf(this.#world.accounts, id)
    // What cannot be sent yet can be written.
    const account = senders.find(
      (one) => one.account.id === wanted || isSameAddress(one.account.address, wanted),
    )?.account
    if (account === undefined)
      throw badRequest([
        { pointer: '/identity', detail: whyNotSent(senders, wanted) ?? 'is no address of this mailbox' },
      ])
    const { address, senderName: name } = account
    const terms = { nowMs: Date.now(), signal: gone.signal }
    return await this.#composing.saveDraft(id, { address, name }, body, terms)
  }

  /** A message as it is, to whom its header says. */
  async #sendWhole(request: SendRequest, destinationId: string, source: Readable): Promise<OutboxEntry> {
    const to = new Set<string>()
    const { length } = { length: Number(request.headers['content-length'] ?? 0) }
    if (length > sendLimits.messageOctetsMax) throw tooLarge()
    return await this.#take(request, destinationId, {
      source,
      sendAt: (request.query as { readonly sendAt?: string }).sendAt,
      head: (head) => {
        for (const address of headerRecipients(head)) to.add(address)
      },
      recipients: ({ bcc }) => {
        for (const address of headerRecipients(bcc)) to.add(address)
        return [...to]
      },
    })
  }

  async #sendLetter(
    request: SendRequest,
    destinationId: string,
    letter: schemas.NewLetter,
    signal: AbortSignal,
  ): Promise<OutboxEntry> {
    const senders = await sendersOf(this.#world.accounts, destinationId)
    const identity = findIdentity(identitiesOf(senders), letter.identity)
    if (identity === undefined)
      throw badRequest([{ pointer: '/identity', detail: whyNotSent(senders, letter.identity) ?? 'sends nothing' }])
    const recipients = recipientsOf(letter)
    const nowMs = await this.#world.sendings.nowMs()
    const source = await this.#composing.compose(destinationId, identity, letter, {
      nowMs,
      signal,
      draft: letter.draft,
    })
    const entry = await this.#take(request, destinationId, {
      source,
      sendAt: letter.sendAt,
      accountId: identity.accountId,
      recipients: () => recipients,
    })
    await this.#composing.settle(destinationId, letter, signal)
    return entry
  }

  async #take(
    request: SendRequest,
    destinationId: string,
    { source, sendAt, accountId, head, recipients }: Given,
  ): Promise<OutboxEntry> {
    const nowMs = await this.#world.sendings.nowMs()
    const sendAtMs = sendAtIn(sendAt, nowMs)
    const senders = identitiesOf(await sendersOf(this.#world.accounts, destinationId))
    const draft = await this.#desk.begin()
    try {
      let isHead = true
      const write = async (piece: Buffer) => {
        if (isHead) head?.(piece)
        isHead = false
        await draft.write(piece)
      }
      const rules = { envelopeFrom: undefined, senders, nowMs, id: draft.id.toLowerCase() }
      const message = await writeOutgoing(source, rules, write)
      const addresses = recipients(message)
      if (addresses.length === 0) throw nobody()
      if (addresses.length > sendLimits.recipientsMax) throw tooMany()
      const key = keyOf(request)
      const asked = key === undefined ? undefined : askedFor(request, message)
      const taken = await this.#desk.accept({
        destinationId,
        sender: message.identity,
        recipients: addresses.map((address) => ({ address })),
        utf8:
          message.hasUtf8Address || message.hasUtf8Head || addresses.some((address) => !isAscii(asciiAddress(address))),
        eightBit: message.eightBit,
        dsn: null,
        message,
        draft,
        key,
        asked,
        accountId,
        sendAtMs,
      })
      if ('code' in taken) throw problemIn(taken)
      // Entries from before do not say.
      if (taken.repeated && (taken.entry.asked ?? asked) !== asked) throw anotherRequest(taken.id)
      return taken.entry
    } catch (error) {
      source.destroy()
      await draft.discard().catch(() => {})
      if (error instanceof OutgoingRefused) throw problemIn(error)
      if (isNoRoom(error)) throw noRoom()
      throw error
    }
  }
}

type SendRequest = Pick<FastifyRequest, 'headers' | 'query' | 'body'>

interface Given {
  readonly source: Readable
  readonly sendAt: string | undefined
  readonly accountId?: string
  /** Is given the header that goes out. */
  readonly head?: (head: Buffer) => void
  readonly recipients: (message: CheckedMessage) => string[]
}

function isSameAddress(one: string, other: string): boolean {
  return addressKey(one) === addressKey(other)
}

function isStream(body: object): body is Readable {
  return 'pipe' in body
}

function keyOf({ headers }: SendRequest): string | undefined {
  const key = headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key === 'string' && /^[\x21-\x7e]{1,255}$/.test(key)) return key
  const detail = 'must be 1 to 255 visible characters of ASCII, other ones for each request'
  throw badRequest([{ pointer: '/idempotency-key', detail, in: 'header' }])
}

/** What came, not what is made of it: that has a Message-ID of its own. */
function askedFor({ body, query }: SendRequest, { came }: CheckedMessage): string {
  const asked = isStream(body as object) ? [came, query] : [body]
  return createHash('sha256').update(JSON.stringify(asked)).digest('base64url').slice(0, 22)
}

function anotherRequest(id: string): Problem {
  const detail = `This Idempotency-Key was sent with another message before (${id}), and nothing was done; give each message a key of its own.`
  return new Problem('key-used', detail)
}

function sendAtIn(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined
  const ms = msIn(text)
  if (Number.isFinite(ms) && ms <= nowMs + sendLimits.sendAtLatestMs) return ms
  throw badRequest([{ pointer: '/sendAt', detail: 'must be a time that there is, within a year' }])
}

function problemIn({ code, sentence }: SendRefusal): Problem {
  if (code === 452) return new Problem('outbox-full', `${sentence}.`)
  if (code === 552) return new Problem('too-large', `${sentence}.`)
  return new Problem('not-sendable', `${sentence}.`)
}

function noRoom(): Problem {
  return new Problem('outbox-full', 'The disk has no room for the message; make room on it, and send it again.')
}

function tooLarge(): Problem {
  return new Problem('too-large', `A message has up to ${sendLimits.messageOctetsMax} octets; send less of it.`)
}

function nobody(): Problem {
  return new Problem('not-sendable', 'The message has no recipients: name somebody in To, Cc or Bcc.')
}

function tooMany(): Problem {
  return new Problem(
    'not-sendable',
    `The message has more than ${sendLimits.recipientsMax} recipients; send it in several.`,
  )
}
