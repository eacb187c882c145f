/** `/destinations/:id/outbox` and `/outbox` (CONTRACT section 11): where what is sent is. */
import type { FastifyRequest } from 'fastify'
import type { Accounts } from '../../src/redis/accounts.ts'
import type { Destinations } from '../../src/redis/destinations.ts'
import type { Sendings } from '../../src/redis/outbox.ts'
import { mayBeSent, needsBody, type OutboxEntry } from '../../src/send/entry.ts'
import { shownEntry } from '../../src/send/shown.ts'
import { cancelled, heldUntil, retried } from '../../src/send/transitions.ts'
import type { App } from '../app.ts'
import { BackToDrafts, type BackToDraftsWorld } from '../back-to-drafts.ts'
import { cursorOf, idIn } from '../http/cursor.ts'
import { findDestination, findSending } from '../http/found.ts'
import { conflict } from '../http/problems.ts'
import { type HandlerOf, route } from '../http/route.ts'
import { listOf } from '../schemas/answers.ts'
import * as schemas from '../schemas/outbox.ts'
import { Id } from '../schemas/requests.ts'
import { sendersOf } from './identities.ts'

export interface OutboxWorld extends BackToDraftsWorld {
  readonly accounts: Accounts
  readonly destinations: Destinations
  readonly sendings: Sendings
}

export async function outboxRoutes(app: App, world: OutboxWorld): Promise<void> {
  const drafts = new BackToDrafts(world)
  app.addHook('onClose', async () => await drafts.close())
  const handlers = new OutboxHandlers(world, drafts)
  app.get('/destinations/:id/outbox', listOutbox, handlers.list)
  app.get('/outbox/:id', readSending, handlers.read)
  app.post('/outbox/:id/cancel', cancelSending, handlers.cancel)
  app.post('/outbox/:id/retry', retrySending, handlers.retry)
}

const listOutbox = route(
  { scope: 'read' },
  {
    operationId: 'listOutbox',
    summary: 'List what a mailbox sends, and has sent',
    description:
      'Newest first; what has ended is kept for 30 days. With messageId only what was sent under that Message-ID, however long ago.',
    params: Id,
    querystring: schemas.OutboxQuery,
    response: { 200: listOf(schemas.OutboxEntry) },
  },
)

const readSending = route(
  { scope: 'read' },
  {
    operationId: 'readSending',
    summary: 'Read where a message is that was sent',
    params: Id,
    response: { 200: schemas.OutboxEntry },
  },
)

const cancelSending = route(
  { scope: 'operate' },
  {
    operationId: 'cancelSending',
    summary: 'Do not send a message',
    description:
      'One that waits is not sent; of one that is unknown nobody asks any more. Whoever has it has it. Once it is being sent, or has ended: 409.',
    problems: ['conflict', 'store-unavailable'],
    params: Id,
    querystring: schemas.CancelQuery,
    response: { 200: schemas.OutboxEntry },
  },
)

const retrySending = route(
  { scope: 'operate' },
  {
    operationId: 'retrySending',
    summary: 'Send a message now',
    description:
      'One that waits is tried at once. One that is unknown is sent again to those who may have it: they may get it twice. Recipients that were accepted or refused are not sent to again. While it is being sent, or where it has ended: 409.',
    problems: ['conflict'],
    params: Id,
    response: { 202: schemas.OutboxEntry },
  },
)

class OutboxHandlers {
  readonly #world: OutboxWorld
  readonly #drafts: BackToDrafts

  constructor(world: OutboxWorld, drafts: BackToDrafts) {
    this.#world = world
    this.#drafts = drafts
  }

  readonly list: HandlerOf<typeof listOutbox> = async ({ params: { id }, query }) => {
    await findDestination(this.#world.destinations, id)
    const { limit, cursor, state, messageId } = query
    if (messageId !== undefined) {
      const senders = await sendersOf(this.#world.accounts, id)
      const bare = messageId.trim().replace(/^<|>$/g, '')
      const named = await this.#world.sendings.named(
        senders.map(({ account }) => account.id),
        bare,
      )
      const items = named.filter(
        (entry) => entry.destinationId === id && (state === undefined || entry.state === state),
      )
      return { items: items.slice(0, limit).map(shownEntry), next: null }
    }
    const { items, next } = await this.#world.sendings.list(id, { limit, state, after: idIn(cursor) })
    return { items: items.map(shownEntry), next: cursorOf(next) }
  }

  readonly read: HandlerOf<typeof readSending> = async ({ params: { id } }) =>
    shownEntry(await findSending(this.#world.sendings, id))

  readonly cancel: HandlerOf<typeof cancelSending> = async (request, reply) => {
    const { sendings, outboxFiles } = this.#world
    const { id } = request.params
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort())
    const takeBack = request.query.draft ? await this.#backToDrafts(id, gone.signal) : undefined
    const nowMs = await sendings.nowMs()
    const entry = await this.#changed(request, (before) => cancelled(before, nowMs)).catch(async (error: unknown) => {
      await takeBack?.()
      throw error
    })
    if (!needsBody(entry)) await outboxFiles.remove(entry.id)
    return shownEntry(entry)
  }

  readonly retry: HandlerOf<typeof retrySending> = async (request, reply) => {
    const { sendings, outboxFiles, accounts } = this.#world
    const { id } = request.params
    const before = await findSending(sendings, id)
    if (mayBeSent(before) && (await outboxFiles.octetsOf(id)) === undefined)
      throw conflict(`The text of the message ${id} is not on the disk of this instance any more; write it anew.`)
    if ((await accounts.get(before.accountId)) === undefined)
      throw conflict(`The account that sent the message ${id} is gone; write it anew as another address.`)
    const nowMs = await sendings.nowMs()
    const entry = await this.#changed(request, (now) => retried(now, nowMs))
    // Whoever asks for it wants its server asked, whatever was answered before.
    await sendings.hold(entry.accountId, null)
    return await reply.code(202).send(shownEntry(entry))
  }

  /** It does not go out while its draft is written; where that fails it goes out when it would have. */
  async #backToDrafts(id: string, gone: AbortSignal): Promise<(() => Promise<void>) | undefined> {
    const { sendings } = this.#world
    const before = await findSending(sendings, id)
    const untilMs = (await sendings.nowMs()) + this.#drafts.takesMs(before)
    await sendings.change(id, (now) => heldUntil(now, untilMs))
    return await this.#drafts.put(before, gone).catch(async (error: unknown) => {
      const { nextAttemptAtMs } = before
      await sendings.change(id, (now) => (now.nextAttemptAtMs === untilMs ? { ...now, nextAttemptAtMs } : undefined))
      throw error
    })
  }

  async #changed(
    request: FastifyRequest<{ Params: { id: string } }>,
    change: (before: OutboxEntry) => OutboxEntry | undefined,
  ): Promise<OutboxEntry> {
    const { sendings } = this.#world
    const { id } = request.params
    const entry = await sendings.change(id, change)
    if (entry === undefined) {
      const { state, subject } = await findSending(sendings, id)
      request.about = subject
      throw conflict(`The message ${id} is ${state}: ${reasons[state]}.`)
    }
    request.about = entry.subject
    return entry
  }
}

/** Why nothing is changed any more. */
const reasons: Readonly<Record<OutboxEntry['state'], string>> = {
  queued: 'it has been changed meanwhile; read it again',
  deferred: 'it has been changed meanwhile; read it again',
  unknown: 'it has been changed meanwhile; read it again',
  sending: 'the provider is getting it just now; read it again in a moment',
  accepted: 'the provider has it, and nobody can take it back',
  rejected: 'the provider has refused it for good; write it anew',
  cancelled: 'nothing is sent of it any more; write it anew',
}
