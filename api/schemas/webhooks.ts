/** `/webhooks` on the wire. */
import { type Static, Type } from 'typebox'
import { apiLimits } from '../limits.ts'
import { outcomes } from '../../src/news/webhook.ts'
import { Id, Page } from './requests.ts'
import { events, example, id, like, orNull, strict, time } from './vocabulary.ts'

const webhook = {
  url: Type.String({
    minLength: 1,
    maxLength: apiLimits.webhookUrlMax,
    description: 'an https URL without user, password or fragment; http where an admin of the whole instance says so',
    ...like('https://panel.example.net/hooks/mail'),
  }),
  events,
  description: Type.String({ maxLength: 200, ...like('tickets of the help desk') }),
}
export const WebhookQuery = Type.Object(
  {
    ...Page.properties,
    destinationId: Type.Optional(Type.String({ description: 'only those that hear of this destination alone' })),
  },
  strict,
)
export const NewWebhook = Type.Object(
  {
    url: webhook.url,
    events: webhook.events,
    description: Type.Optional(webhook.description),
    destinationId: Type.Optional(orNull(id, 'a destination whose accounts it hears of alone, or null for all')),
  },
  strict,
)
export const WebhookPatch = Type.Partial(
  Type.Object({
    ...webhook,
    enabled: Type.Boolean({ description: 'true: what waits is sent at once, whatever the endpoint did before' }),
  }),
  strict,
)

export const Webhook = Type.Object({
  id,
  ...webhook,
  destinationId: orNull(id),
  status: Type.Enum(['ok', 'failing', 'disabled'], { description: 'disabled: nothing is sent until it is enabled' }),
  reason: orNull(Type.String(like('It answered 410 Gone.')), 'why it is disabled'),
  failingSince: orNull(time),
  lastDeliveredAt: orNull(time),
  createdAt: time,
})
export type Webhook = Static<typeof Webhook>

export const WebhookWithSecret = Type.Object({
  ...Webhook.properties,
  secret: Type.String({
    description: 'signs what is sent; shown here and never again',
    ...like('whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'),
  }),
})
export type WebhookWithSecret = Static<typeof WebhookWithSecret>

export const Delivery = Type.Object({
  id: Type.String({ description: 'ULID; the webhook-id of every attempt', ...like(example.id) }),
  type: Type.String(like('run.failed')),
  timestamp: time,
  data: Type.Record(Type.String(), Type.Unknown(), like({ accountId: example.id })),
  state: Type.Enum([...outcomes]),
  attempts: Type.Integer(like(1)),
  lastAttemptAt: orNull(time),
  nextAttemptAt: orNull(time),
  answer: orNull(
    Type.Object({
      status: orNull(Type.Integer(like(200)), 'null: there was no answer, and text says why'),
      text: Type.String({ description: 'the beginning of it', ...like('ok') }),
    }),
    'to the last attempt',
  ),
})
export type Delivery = Static<typeof Delivery>
export const DeliveryId = Type.Object({ ...Id.properties, delivery: Type.String() })
