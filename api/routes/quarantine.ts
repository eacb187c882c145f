/** `/accounts/:id/quarantine` (CONTRACT section 6). */
import type { Redis } from 'ioredis'
import type { QuarantineEntry } from '../../src/pull/quarantine.ts'
import type { Accounts } from '../../src/redis/accounts.ts'
import type { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import { Quarantine } from '../../src/redis/quarantine.ts'
import type { PullQueue } from '../../src/redis/queue.ts'
import type { Seal } from '../../src/seal.ts'
import type { App } from '../app.ts'
import { cursorOf, idIn } from '../http/cursor.ts'
import { findAccount } from '../http/found.ts'
import { unknown } from '../http/problems.ts'
import { type HandlerOf, route } from '../http/route.ts'
import { QuarantinedMessages } from '../quarantined-message.ts'
import { File, listOf, Nothing } from '../schemas/answers.ts'
import * as schemas from '../schemas/quarantine.ts'
import { Id, Page } from '../schemas/requests.ts'
import { Run } from '../schemas/runs.ts'

export interface QuarantineWorld {
  readonly redis: Redis
  readonly accounts: Accounts
  readonly queue: PullQueue
  readonly seal: Seal
  readonly settings: InstanceSettingsStore
}

export async function quarantineRoutes(app: App, world: QuarantineWorld): Promise<void> {
  const handlers = new QuarantineHandlers(world)
  app.get('/accounts/:id/quarantine', listQuarantine, handlers.list)
  app.post('/accounts/:id/quarantine/:entry/retry', retryQuarantined, handlers.retry)
  app.post('/accounts/:id/quarantine/:entry/dismiss', dismissQuarantined, handlers.dismiss)
  app.get('/accounts/:id/quarantine/:entry/message', readQuarantined, handlers.read)
}

const listQuarantine = route(
  { scope: 'read' },
  {
    operationId: 'listQuarantine',
    summary: 'List the messages of an account that were set aside',
    description: 'They stay at the provider, and are not fetched again by themselves.',
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
  { scope: 'read' },
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
  readonly #messages: QuarantinedMessages

  constructor(world: QuarantineWorld) {
    this.#world = world
    this.#quarantine = new Quarantine(world.redis)
    this.#messages = new QuarantinedMessages(world)
  }

  readonly list: HandlerOf<typeof listQuarantine> = async ({ params: { id }, query: { limit, cursor } }) => {
    const { account } = await findAccount(this.#world.accounts, id)
    const { items, next } = await this.#quarantine.page(account.id, { limit, after: idIn(cursor) })
    return { items: items.map(quarantineEntryView), next: cursorOf(next) }
  }

  readonly retry: HandlerOf<typeof retryQuarantined> = async ({ params: { id, entry } }, reply) => {
    const { account } = await findAccount(this.#world.accounts, id)
    if (!(await this.#quarantine.retry(account.id, entry))) throw unknown('quarantined message', entry)
    return await reply.code(202).send(await this.#world.queue.request(account.id))
  }

  readonly dismiss: HandlerOf<typeof dismissQuarantined> = async ({ params: { id, entry } }, reply) => {
    const { account } = await findAccount(this.#world.accounts, id)
    if (!(await this.#quarantine.dismiss(account.id, entry))) throw unknown('quarantined message', entry)
    return await reply.code(204).send()
  }

  readonly read: HandlerOf<typeof readQuarantined> = async ({ params: { id, entry: entryId } }, reply) => {
    const record = await findAccount(this.#world.accounts, id)
    const entry = await this.#quarantine.get(record.account.id, entryId)
    if (entry === undefined) throw unknown('quarantined message', entryId)
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort())
    return await reply.type('message/rfc822').send(await this.#messages.bytesOf(record, entry, gone.signal))
  }
}

function quarantineEntryView({ id, uidl, size, firstSeenAt, attempts, reason }: QuarantineEntry) {
  return { id, uidl, size, firstSeenAt, attempts, reason }
}
