/** `/webhooks`: the endpoints that are told of news. deliveries.ts lists what was sent to them. */
import { randomBytes } from 'node:crypto'
import type { Mistake } from '../../src/account/mistake.ts'
import type { DestinationId } from '../../src/mail/message.ts'
import { reachMistakes } from '../../src/net/guard.ts'
import { endpointOf } from '../../src/net/post.ts'
import type { Webhook, WebhookState } from '../../src/news/webhook.ts'
import type { Destinations } from '../../src/redis/destinations.ts'
import type { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import type { WebhookRecord, Webhooks } from '../../src/redis/webhooks.ts'
import type { Seal } from '../../src/seal.ts'
import { type App, newId } from '../app.ts'
import { principalOf } from '../http/who.ts'
import { cursorOf, idIn } from '../http/cursor.ts'
import { demandMatch, tag } from '../http/etag.ts'
import { findWebhook } from '../http/found.ts'
import { listedDestination } from '../http/owners.ts'
import { badRequest, conflict, unknown } from '../http/problems.ts'
import { currentReach } from '../http/reach.ts'
import { type HandlerOf, route } from '../http/route.ts'
import { apiLimits } from '../limits.ts'
import { listOf, Nothing } from '../schemas/answers.ts'
import { Id, IfMatch, IfNoneMatch } from '../schemas/requests.ts'
import * as schemas from '../schemas/webhooks.ts'
import { deliveryRoutes } from './deliveries.ts'

export interface WebhooksWorld {
  readonly webhooks: Webhooks
  readonly destinations: Destinations
  readonly settings: InstanceSettingsStore
  readonly seal: Seal
}

export async function webhookRoutes(app: App, world: WebhooksWorld): Promise<void> {
  const handlers = new WebhookHandlers(world)
  app.post('/webhooks', createWebhook, handlers.create)
  app.get('/webhooks', listWebhooks, handlers.list)
  app.get('/webhooks/:id', readWebhook, handlers.read)
  app.patch('/webhooks/:id', changeWebhook, handlers.change)
  app.delete('/webhooks/:id', removeWebhook, handlers.remove)
  app.post('/webhooks/:id/rotate', rotateWebhookSecret, handlers.rotate)
  await app.register(deliveryRoutes, world)
}

const createWebhook = route(
  { scope: 'admin' },
  {
    operationId: 'createWebhook',
    summary: 'Have an endpoint told of what happens',
    description:
      'Signed as Standard Webhooks says. The secret is in this answer and never again. An owner’s hears of that destination’s accounts.',
    body: schemas.NewWebhook,
    response: { 201: schemas.WebhookWithSecret },
  },
)

const listWebhooks = route(
  { scope: 'read' },
  {
    operationId: 'listWebhooks',
    summary: 'List webhooks',
    querystring: schemas.WebhookQuery,
    response: { 200: listOf(schemas.Webhook) },
  },
)

const readWebhook = route(
  { scope: 'read' },
  {
    operationId: 'readWebhook',
    summary: 'Read a webhook',
    params: Id,
    headers: IfNoneMatch,
    response: { 200: schemas.Webhook },
  },
)

const changeWebhook = route(
  { scope: 'admin' },
  {
    operationId: 'changeWebhook',
    summary: 'Change a webhook',
    description: 'One that was disabled is enabled again with "enabled": true; what waits is sent then.',
    params: Id,
    headers: IfMatch,
    body: schemas.WebhookPatch,
    response: { 200: schemas.Webhook },
  },
)

const removeWebhook = route(
  { scope: 'admin' },
  {
    operationId: 'removeWebhook',
    summary: 'Remove a webhook',
    description: 'What waits for it is not sent.',
    params: Id,
    headers: IfMatch,
    response: { 204: Nothing },
  },
)

const rotateWebhookSecret = route(
  { scope: 'admin' },
  {
    operationId: 'rotateWebhookSecret',
    summary: 'Give a webhook a new secret',
    description: 'For a day what is sent is signed with both, so that the receiver can go over in its own time.',
    params: Id,
    response: { 200: schemas.WebhookWithSecret },
  },
)

class WebhookHandlers {
  readonly #world: WebhooksWorld

  constructor(world: WebhooksWorld) {
    this.#world = world
  }

  readonly create: HandlerOf<typeof createWebhook> = async (request, reply) => {
    const { webhooks, destinations, seal } = this.#world
    const { url, events, description = '', ...body } = request.body
    const owned = principalOf(request).destinationId
    const destinationId = (body.destinationId ?? owned ?? null) as DestinationId | null
    if (destinationId !== null && (await destinations.get(destinationId)) === undefined)
      throw badRequest([{ pointer: '/destinationId', detail: 'is no destination', rule: 'unknown' }])
    const guarded = owned !== undefined
    await this.#demandReachable(url, guarded)
    const alike = (await webhooks.all()).filter(({ webhook }) => webhook.destinationId === destinationId)
    if (alike.length >= apiLimits.webhooksPerDestination)
      throw conflict(`There are ${alike.length} webhooks of this kind already; remove one first.`)
    const id = newId()
    const secret = newSecret()
    const webhook = { id, url, events, description, destinationId, guarded, enabled: true, createdAtMs: Date.now() }
    const record = { webhook, sealedSecret: seal.seal(secret, id, 'secret'), before: null }
    await webhooks.create(record)
    tag(reply, record)
    reply.header('location', `/api/v1/webhooks/${id}`)
    return await reply.code(201).send({ ...(await this.#view(record)), secret })
  }

  readonly list: HandlerOf<typeof listWebhooks> = async (request) => {
    const { limit, cursor, destinationId: asked } = request.query
    const after = idIn(cursor) ?? ''
    const destinationId = listedDestination(request, asked)
    const listed = (await this.#world.webhooks.all()).filter(
      ({ webhook }) => webhook.id > after && (destinationId === undefined || webhook.destinationId === destinationId),
    )
    const page = listed.slice(0, limit)
    const next = listed.length > limit ? (page.at(-1)?.webhook.id ?? null) : null
    return { items: await Promise.all(page.map((record) => this.#view(record))), next: cursorOf(next) }
  }

  readonly read: HandlerOf<typeof readWebhook> = async ({ params }, reply) => {
    const record = await findWebhook(this.#world.webhooks, params.id)
    tag(reply, record)
    return await this.#view(record)
  }

  readonly change: HandlerOf<typeof changeWebhook> = async (request, reply) => {
    const { webhooks } = this.#world
    const {
      params: { id },
      body,
    } = request
    const guarded = principalOf(request).destinationId !== undefined
    const { webhook } = await findWebhook(this.#world.webhooks, id)
    if (body.url !== undefined && body.url !== webhook.url) await this.#demandReachable(body.url, guarded)
    const record = await webhooks.update(id, (before) => {
      demandMatch(request, before, `The webhook ${id}`)
      const isMoved = body.url !== undefined && body.url !== before.webhook.url
      return { ...before, webhook: { ...before.webhook, ...body, ...(isMoved ? { guarded } : {}) } }
    })
    if (record === undefined) throw unknown('webhook', id)
    tag(reply, record)
    if (body.enabled === true || body.url !== undefined) {
      const deliveredAtMs = body.url === undefined ? (await webhooks.state(id)).deliveredAtMs : null
      await webhooks.refresh(id, Date.now(), deliveredAtMs)
    }
    return await this.#view(record)
  }

  readonly remove: HandlerOf<typeof removeWebhook> = async (request, reply) => {
    const { id } = request.params
    const record = await this.#world.webhooks.get(id)
    // One that cannot be read can be removed.
    if (record !== undefined) demandMatch(request, record, `The webhook ${id}`)
    if (!(await this.#world.webhooks.remove(id))) throw unknown('webhook', id)
    return await reply.code(204).send()
  }

  readonly rotate: HandlerOf<typeof rotateWebhookSecret> = async ({ params: { id } }) => {
    const secret = newSecret()
    const sealedSecret = this.#world.seal.seal(secret, id, 'secret')
    const untilMs = Date.now() + apiLimits.oldSecretMs
    const record = await this.#world.webhooks.update(id, (before) => ({
      ...before,
      sealedSecret,
      before: { sealedSecret: before.sealedSecret, untilMs },
    }))
    if (record === undefined) throw unknown('webhook', id)
    return { ...(await this.#view(record)), secret }
  }

  async #view({ webhook }: WebhookRecord) {
    return webhookView(webhook, await this.#world.webhooks.state(webhook.id))
  }

  /** @throws Problem if the URL is wrong, or leads to a place that the caller may not use. */
  async #demandReachable(url: string, guarded: boolean): Promise<void> {
    const mistakes = urlMistakes(url, guarded)
    if (mistakes.length > 0) throw badRequest(mistakes)
    const reach = await currentReach(this.#world.settings, { guarded }, 'web')
    const unreachable = await reachMistakes(reach, endpointOf(new URL(url)))
    if (unreachable.length > 0) throw badRequest(unreachable.map((mistake) => ({ ...mistake, pointer: '/url' })))
  }
}

function newSecret(): string {
  return `whsec_${randomBytes(apiLimits.webhookSecretOctets).toString('base64')}`
}

function urlMistakes(text: string, guarded: boolean): Mistake[] {
  const mistake = (detail: string): Mistake[] => [{ pointer: '/url', detail, rule: 'pattern' }]
  if (!URL.canParse(text)) return mistake('must be a URL such as https://example.net/hooks')
  const { protocol, username, password, hash } = new URL(text)
  if (protocol !== 'https:' && (guarded || protocol !== 'http:'))
    return mistake(guarded ? 'must begin with https://' : 'must begin with https:// or http://')
  if (username !== '' || password !== '')
    return mistake('must hold no user or password: the signature tells the receiver who sends')
  return hash === '' ? [] : mistake('must hold no fragment')
}

function webhookView(webhook: Webhook, { failingSinceMs, disabled, deliveredAtMs }: WebhookState) {
  const { id, url, events, description, destinationId, enabled, createdAtMs } = webhook
  const time = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())
  const isOff = !enabled || disabled !== null
  const status = isOff ? ('disabled' as const) : failingSinceMs === null ? ('ok' as const) : ('failing' as const)
  return {
    id,
    url,
    events: [...events],
    description,
    destinationId,
    status,
    reason: enabled ? (disabled?.reason ?? null) : 'It was switched off.',
    failingSince: time(failingSinceMs),
    lastDeliveredAt: time(deliveredAtMs),
    createdAt: new Date(createdAtMs).toISOString(),
  }
}
