/** `/webhooks`: endpoints that are told of news, what they were told, and how they answered. */
import { randomBytes } from 'node:crypto'
import type { Mistake } from '../../src/account/account.ts'
import { apiLimits } from '../limits.ts'
import { newsLimits } from '../../src/news/limits.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import type { DestinationId } from '../../src/mail/message.ts'
import { reachMistakes } from '../../src/net/guard.ts'
import { endpointOf, post } from '../../src/net/post.ts'
import type { Destinations } from '../../src/redis/destinations.ts'
import type { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import { secretsOf, type WebhookRecord, type Webhooks } from '../../src/redis/webhooks.ts'
import type { Seal } from '../../src/seal.ts'
import { type Delivery, deliveryOf, signed, type Webhook, type WebhookState } from '../../src/news/webhook.ts'
import { type App, newId } from '../app.ts'
import { cursorOf, idIn } from '../http/cursor.ts'
import { demandSeen, tag } from '../http/etag.ts'
import { currentReach } from '../http/reach.ts'
import { listedOf } from '../http/owners.ts'
import { badRequest, conflict, unknown } from '../http/problems.ts'
import { listOf, Nothing } from '../schemas/answers.ts'
import { Id, IfMatch, IfNoneMatch, Page } from '../schemas/requests.ts'
import * as schemas from '../schemas/webhooks.ts'

export interface WebhooksWorld {
  readonly webhooks: Webhooks
  readonly destinations: Destinations
  readonly settings: InstanceSettingsStore
  readonly seal: Seal
}

export function addWebhooks(app: App, { webhooks, destinations, settings, seal }: WebhooksWorld): void {
  const find = async (id: string): Promise<WebhookRecord> => {
    const record = await webhooks.get(id)
    if (record === undefined) throw unknown('webhook', id)
    return record
  }
  const findDelivery = async (webhookId: string, id: string): Promise<Delivery> => {
    const delivery = await webhooks.delivery(webhookId, id)
    if (delivery === undefined) throw unknown('delivery', id)
    return delivery
  }
  const view = async ({ webhook }: WebhookRecord) => shown(webhook, await webhooks.state(webhook.id))

  /** Throws what is wrong with it. */
  const checkUrl = async (text: string, guarded: boolean): Promise<void> => {
    const mistakes = urlMistakes(text, guarded)
    if (mistakes.length > 0) throw badRequest(mistakes)
    const reach = await currentReach(settings, { guarded }, 'web')
    const unreachable = await reachMistakes(reach, endpointOf(new URL(text)))
    if (unreachable.length > 0) throw badRequest(unreachable.map(({ detail }) => ({ pointer: '/url', detail })))
  }

  app.post(
    '/webhooks',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'createWebhook',
        summary: 'Have an endpoint told of what happens',
        description:
          'Signed as Standard Webhooks says. The secret is in this answer and never again. An owner’s hears of that destination’s accounts.',
        body: schemas.NewWebhook,
        response: { 201: schemas.WebhookWithSecret },
      },
    },
    async ({ body, principal }, reply) => {
      const destinationId = (body.destinationId ?? principal.destinationId ?? null) as DestinationId | null
      if (destinationId !== null && (await destinations.get(destinationId)) === undefined)
        throw badRequest([{ pointer: '/destinationId', detail: 'is no destination' }])
      const guarded = principal.destinationId !== undefined
      await checkUrl(body.url, guarded)
      const alike = (await webhooks.all()).filter(({ webhook }) => webhook.destinationId === destinationId)
      if (alike.length >= apiLimits.webhooksPerDestination)
        throw conflict(`There are ${alike.length} webhooks of this kind already; remove one first.`)
      const { url, events, description = '' } = body
      const id = newId()
      const secret = newSecret()
      const made = { id, url, events, description, destinationId, guarded, enabled: true, createdAtMs: Date.now() }
      const record = { webhook: made, sealedSecret: seal.seal(secret, id, 'secret'), before: null }
      await webhooks.create(record)
      tag(reply, record)
      return await reply
        .code(201)
        .header('location', `/api/v1/webhooks/${id}`)
        .send({ ...(await view(record)), secret })
    },
  )

  app.get(
    '/webhooks',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listWebhooks',
        summary: 'List webhooks',
        querystring: Page,
        response: { 200: listOf(schemas.Webhook) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query
      const after = idIn(cursor) ?? ''
      const of = listedOf(request, undefined)
      const theirs = (await webhooks.all()).filter(
        ({ webhook }) => webhook.id > after && (of === undefined || webhook.destinationId === of),
      )
      const page = theirs.slice(0, limit)
      const next = theirs.length > limit ? (page.at(-1)?.webhook.id ?? null) : null
      return { items: await Promise.all(page.map(view)), next: cursorOf(next) }
    },
  )

  app.get(
    '/webhooks/:id',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'readWebhook',
        summary: 'Read a webhook',
        params: Id,
        headers: IfNoneMatch,
        response: { 200: schemas.Webhook },
      },
    },
    async ({ params }, reply) => {
      const record = await find(params.id)
      tag(reply, record)
      return await view(record)
    },
  )

  app.patch(
    '/webhooks/:id',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'changeWebhook',
        summary: 'Change a webhook',
        description: 'One that was disabled is enabled again with "enabled": true; what waits is sent then.',
        params: Id,
        headers: IfMatch,
        body: schemas.WebhookPatch,
        response: { 200: schemas.Webhook },
      },
    },
    async (request, reply) => {
      const {
        params: { id },
        body,
        principal,
      } = request
      const guarded = principal.destinationId !== undefined
      const { webhook } = await find(id)
      if (body.url !== undefined && body.url !== webhook.url) await checkUrl(body.url, guarded)
      const record = await webhooks.update(id, (before) => {
        demandSeen(request, before, `The webhook ${id}`)
        const moved = body.url !== undefined && body.url !== before.webhook.url
        return { ...before, webhook: { ...before.webhook, ...body, ...(moved ? { guarded } : {}) } }
      })
      if (record === undefined) throw unknown('webhook', id)
      tag(reply, record)
      if (body.enabled === true || body.url !== undefined) await webhooks.refresh(id, Date.now())
      return await view(record)
    },
  )

  app.delete(
    '/webhooks/:id',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'removeWebhook',
        summary: 'Remove a webhook',
        description: 'What waits for it is not sent.',
        params: Id,
        headers: IfMatch,
        response: { 204: Nothing },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      demandSeen(request, await find(id), `The webhook ${id}`)
      await webhooks.remove(id)
      return await reply.code(204).send()
    },
  )

  app.post(
    '/webhooks/:id/rotate',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'rotateWebhookSecret',
        summary: 'Give a webhook a new secret',
        description: 'For a day what is sent is signed with both, so that the receiver can go over in its own time.',
        params: Id,
        response: { 200: schemas.WebhookWithSecret },
      },
    },
    async ({ params: { id } }) => {
      const secret = newSecret()
      const sealedSecret = seal.seal(secret, id, 'secret')
      const untilMs = Date.now() + apiLimits.oldSecretMs
      const record = await webhooks.update(id, (before) => ({
        ...before,
        sealedSecret,
        before: { sealedSecret: before.sealedSecret, untilMs },
      }))
      if (record === undefined) throw unknown('webhook', id)
      return { ...(await view(record)), secret }
    },
  )

  app.post(
    '/webhooks/:id/test',
    {
      config: { scope: 'operate' },
      schema: {
        operationId: 'testWebhook',
        summary: 'Send something to try a webhook',
        description: 'Sent at once and once, of type webhook.test; the answer says what became of it.',
        params: Id,
        response: { 200: schemas.Delivery },
      },
    },
    async ({ params: { id } }) => {
      const record = await find(id)
      const nowMs = Date.now()
      const data = { webhookId: id, description: record.webhook.description }
      const test = deliveryOf({ id: newId(), type: 'webhook.test', timestamp: new Date(nowMs).toISOString(), data })
      const { url, guarded } = record.webhook
      const answer = await post({
        url,
        ...signed(test, secretsOf(record, seal, nowMs), nowMs),
        reach: await currentReach(settings, { guarded }, 'web'),
        waitMs: newsLimits.deliveryWaitMs,
      })
      const { status } = answer
      const outcome = status !== null && status >= 200 && status < 300 ? ('delivered' as const) : ('failed' as const)
      const delivery: Delivery = { ...test, outcome, attempts: 1, triedAtMs: nowMs, answer }
      await webhooks.put(id, delivery, null, Date.now())
      return shownDelivery(delivery, null)
    },
  )

  app.get(
    '/webhooks/:id/deliveries',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listDeliveries',
        summary: 'List what was sent to a webhook, or waits for it',
        description: `Newest first. Of those that have ended the last ${redisLimits.deliveriesKept} are kept.`,
        params: Id,
        querystring: Page,
        response: { 200: listOf(schemas.Delivery) },
      },
    },
    async ({ params: { id }, query: { limit, cursor } }) => {
      await find(id)
      const { items, next } = await webhooks.page(id, { limit, after: idIn(cursor) })
      return { items: items.map(({ delivery, dueMs }) => shownDelivery(delivery, dueMs)), next: cursorOf(next) }
    },
  )

  app.post(
    '/webhooks/:id/deliveries/:delivery/replay',
    {
      config: { scope: 'operate' },
      schema: {
        operationId: 'replayDelivery',
        summary: 'Send something again',
        description: 'The same message under the same id, with all its attempts before it.',
        params: schemas.DeliveryId,
        response: { 202: schemas.Delivery },
      },
    },
    async ({ params: { id, delivery: deliveryId } }, reply) => {
      await find(id)
      const delivery = deliveryOf(await findDelivery(id, deliveryId))
      const nowMs = Date.now()
      await webhooks.put(id, delivery, nowMs, nowMs)
      await webhooks.visit(id, nowMs)
      return await reply.code(202).send(shownDelivery(delivery, nowMs))
    },
  )
}

function newSecret(): string {
  return `whsec_${randomBytes(apiLimits.webhookSecretOctets).toString('base64')}`
}

function urlMistakes(text: string, guarded: boolean): Mistake[] {
  const say = (detail: string) => [{ pointer: '/url', detail }]
  if (!URL.canParse(text)) return say('must be a URL such as https://example.net/hooks')
  const { protocol, username, password, hash } = new URL(text)
  if (protocol !== 'https:' && (guarded || protocol !== 'http:'))
    return say(guarded ? 'must begin with https://' : 'must begin with https:// or http://')
  if (username !== '' || password !== '')
    return say('must hold no user or password: the signature tells the receiver who sends')
  return hash === '' ? [] : say('must hold no fragment')
}

const timeOf = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())

function shown(webhook: Webhook, { failingSinceMs, disabled, deliveredAtMs }: WebhookState) {
  const { id, url, events, description, destinationId, enabled, createdAtMs } = webhook
  const off = !enabled || disabled !== null
  const status = off ? ('disabled' as const) : failingSinceMs === null ? ('ok' as const) : ('failing' as const)
  return {
    id,
    url,
    events: [...events],
    description,
    destinationId,
    status,
    reason: enabled ? (disabled?.reason ?? null) : 'It was switched off.',
    failingSince: timeOf(failingSinceMs),
    lastDeliveredAt: timeOf(deliveredAtMs),
    createdAt: new Date(createdAtMs).toISOString(),
  }
}

function shownDelivery(delivery: Delivery, dueMs: number | null) {
  const { id, type, timestamp, data, outcome, attempts, triedAtMs, answer } = delivery
  return {
    id,
    type,
    timestamp,
    data: { ...data },
    state: outcome,
    attempts,
    lastAttemptAt: timeOf(triedAtMs),
    nextAttemptAt: timeOf(dueMs),
    answer: answer === null ? null : { status: answer.status, text: answer.text },
  }
}
