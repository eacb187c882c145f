/** `/quarantine` and `/accounts/:id/quarantine` (CONTRACT section 6). */
import type { Redis } from 'ioredis'
import type { Accounts } from '../../src/redis/accounts.ts'
import type { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import { Quarantine } from '../../src/redis/quarantine.ts'
import { QuarantineList } from '../../src/redis/quarantine-list.ts'
import type { PullQueue } from '../../src/redis/queue.ts'
import type { Seal } from '../../src/seal.ts'
import type { App } from '../app.ts'
import { cursorOf, entryPlace, idIn, placeIn } from '../http/cursor.ts'
import { attachmentNamed } from '../http/foreign.ts'
import { findAccount } from '../http/found.ts'
import { listedDestination } from '../http/owners.ts'
import { unknown } from '../http/problems.ts'
import { timeIn } from '../http/time-in.ts'
import { type HandlerOf, route } from '../http/route.ts'
import { principalOf } from '../http/who.ts'
import { askedWithin } from '../owner-quotas.ts'
import { entryView } from '../quarantine-view.ts'
import { QuarantinedMessages } from '../quarantined-message.ts'
import { File, listOf, Nothing } from '../schemas/answers.ts'
import * as schemas from '../schemas/quarantine.ts'
import { Id, Page } from '../schemas/requests.ts'
import { Run } from '../schemas/runs.ts'
import { tellDismissed } from '../told-dismissed.ts'

export interface QuarantineWorld {
  readonly redis: Redis
  readonly accounts: Accounts
  readonly queue: PullQueue
  readonly seal: Seal
  readonly settings: InstanceSettingsStore
}

export async function quarantineRoutes(app: App, world: QuarantineWorld): Promise<void> {
  const handlers = new QuarantineHandlers(world)
  app.get('/quarantine', listAllQuarantined, handlers.listAll)
  app.get('/accounts/:id/quarantine', listQuarantine, handlers.list)
  app.post('/accounts/:id/quarantine/:entry/retry', retryQuarantined, handlers.retry)
  app.post('/accounts/:id/quarantine/:entry/dismiss', dismissQuarantined, handlers.dismiss)
  app.get('/accounts/:id/quarantine/:entry/message', readQuarantined, handlers.read)
}

const listAllQuarantined = route(
  { scope: 'read' },
  {
    operationId: 'listAllQuarantined',
    summary: 'List the messages of all accounts that were set aside',
    description:
      'By account, and within each in the order in which they were first seen. Like a list of accounts a page may come short of its limit and have a next to go on from: what a filter leaves out is looked at, too.',
    querystring: schemas.QuarantineQuery,
    response: { 200: listOf(schemas.AnyQuarantineEntry) },
  },
)

const listQuarantine = route(
  { scope: 'read' },
  {
    operationId: 'listQuarantine',
    summary: 'List the messages of an account that were set aside',
    description:
      'They stay at the provider. Those whose reason may pass are tried again at nextAttemptAt; the others are fetched again only if somebody asks for it.',
    params: Id,
    querystring: Page,
    response: { 200: listOf(schemas.QuarantineEntry) },
  },
)

const retryQuarantined = route(
  { scope: 'operate' },
  {
    operationId: 'retryQuarantined',
    summary: 'Try a message again that was set aside',
    description: 'In the next run that begins; one that is at work may have passed it, and is followed by another.',
    problems: ['quota'],
    params: schemas.QuarantineId,
    response: { 202: Run },
  },
)

const dismissQuarantined = route(
  { scope: 'operate' },
  {
    operationId: 'dismissQuarantined',
    summary: 'Let go of a message that was set aside',
    description: 'It stays at the provider, and is not fetched again.',
    params: schemas.QuarantineId,
    response: { 204: Nothing },
  },
)

const readQuarantined = route(
  { scope: 'read', answers: 'mail' },
  {
    operationId: 'readQuarantined',
    summary: 'Read a message that was set aside',
    problems: ['gone', 'provider-unavailable', 'maildrop-in-use'],
    description:
      'Retrieved again from the provider, as it comes; neither stored nor deleted. Of a provider that would not show it again its bytes are kept.',
    params: schemas.QuarantineId,
    produces: ['message/rfc822'],
    response: { 200: File },
  },
)

class QuarantineHandlers {
  readonly #world: QuarantineWorld
  readonly #quarantine: Quarantine
  readonly #list: QuarantineList
  readonly #messages: QuarantinedMessages

  constructor(world: QuarantineWorld) {
    this.#world = world
    this.#quarantine = new Quarantine(world.redis)
    this.#list = new QuarantineList(world.redis)
    this.#messages = new QuarantinedMessages(world)
  }

  readonly listAll: HandlerOf<typeof listAllQuarantined> = async (request) => {
    const { limit, cursor, destinationId: asked, firstSeenBefore, ...wanted } = request.query
    const destinationId = listedDestination(request, asked)
    if (destinationId === null) return { items: [], next: null }
    const after = placeIn(cursor, entryPlace)
    const beforeMs = firstSeenBefore === undefined ? undefined : timeIn(firstSeenBefore, 'firstSeenBefore')
    const { items, next } = await this.#list.page({ ...wanted, beforeMs, limit, after, destinationId })
    const views = items.map(({ account: { id, address, maxMessageBytes }, entry }) => ({
      accountId: id,
      address,
      maxMessageBytes,
      ...entryView(entry),
    }))
    return { items: views, next: cursorOf(next) }
  }

  readonly list: HandlerOf<typeof listQuarantine> = async ({ params: { id }, query: { limit, cursor } }) => {
    const { account } = await findAccount(this.#world.accounts, id)
    const { items, next } = await this.#quarantine.page(account.id, { limit, after: idIn(cursor) })
    return { items: items.map(entryView), next: cursorOf(next) }
  }

  readonly retry: HandlerOf<typeof retryQuarantined> = async (request, reply) => {
    const { id, entry } = request.params
    const { account } = await findAccount(this.#world.accounts, id)
    const retry = async () => {
      if ((await this.#quarantine.retry(account.id, [entry])) === 0) throw unknown('quarantined message', entry)
      return await this.#world.queue.request(account.id)
    }
    const wanted = { accountId: account.id }
    return await reply.code(202).send(await askedWithin(this.#world, principalOf(request), wanted, retry))
  }

  readonly dismiss: HandlerOf<typeof dismissQuarantined> = async ({ params: { id, entry } }, reply) => {
    const { account } = await findAccount(this.#world.accounts, id)
    if ((await this.#quarantine.dismiss(account.id, [entry])) === 0) throw unknown('quarantined message', entry)
    await tellDismissed(this.#world.redis, account)
    return await reply.code(204).send()
  }

  readonly read: HandlerOf<typeof readQuarantined> = async ({ params: { id, entry: entryId } }, reply) => {
    const record = await findAccount(this.#world.accounts, id)
    const entry = await this.#quarantine.get(record.account.id, entryId)
    if (entry === undefined) throw unknown('quarantined message', entryId)
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort())
    const bytes = await this.#messages.bytesOf(record, entry, gone.signal)
    reply.header('content-disposition', attachmentNamed(`message-${entry.id}.eml`))
    return await reply.type('message/rfc822').send(bytes)
  }
}
