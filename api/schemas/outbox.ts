/** `/destinations/:id/messages` (POST), `/drafts` and `/outbox` on the wire. */
import { type Static, Type } from 'typebox'
import { sendFailureKinds, sendStates } from '../../src/send/entry.ts'
import { sendLimits } from '../../src/send/limits.ts'
import { failureKinds } from '../../src/failure/failure.ts'
import { apiLimits } from '../limits.ts'
import { Page } from './requests.ts'
import { count, id, like, orNull, strict, time, whole } from './vocabulary.ts'

const state = Type.Enum([...sendStates], {
  description:
    'queued, deferred: it waits for its time, deferred after an attempt; sending: it is under way; accepted, rejected: the last word of the provider; unknown: the provider may have it, and nobody can know: it waits for a person; cancelled',
})
const reply = orNull(Type.String(like('250 2.0.0 OK')), 'the words of the server')
const address = Type.String(like('ada@example.org'))
const uid = Type.Integer(like(4711))

export const OutboxEntry = Type.Object({
  id,
  destinationId: id,
  accountId: Type.String({ description: 'the account that sends it', ...like('01JDF3Q4ZK5W8T7R6P9N2M1H0G') }),
  identity: Type.String({ description: 'as which it is sent', ...like('me@example.net') }),
  messageId: Type.String({ description: 'Message-ID, without its angle brackets', ...like('1@example.net') }),
  subject: Type.String(like('Analytical engines')),
  octets: Type.Integer(like(48_213)),
  origin: Type.Enum(['submission', 'api'], { description: 'a mail program gave it, or the API' }),
  createdAt: time,
  sendAt: time,
  state,
  recipients: Type.Array(Type.Object({ address, state, reply })),
  attempts: count,
  nextAttemptAt: orNull(time, 'when it is tried; null: not by itself'),
  endedAt: orNull(time),
  failure: orNull(
    Type.Object({
      kind: Type.Enum([...sendFailureKinds, ...failureKinds]),
      message: Type.String({ description: 'what happened, and what to do next' }),
      reply,
    }),
    'of the last attempt',
  ),
  copy: Type.Object(
    {
      state: Type.Enum(['wanted', 'found', 'filed', 'unwanted', 'failed'], {
        description: 'wanted: it is not in Sent yet; found: somebody else has filed it; filed: we have',
      }),
      folder: orNull(Type.String(like('Sent'))),
      uid: orNull(uid),
    },
    { description: 'the copy in Sent' },
  ),
  report: Type.Enum(['none', 'due', 'filed', 'failed'], {
    description: 'the report in INBOX of what was not delivered',
  }),
  bounces: Type.Array(
    Type.Object({
      at: time,
      address: orNull(address),
      status: orNull(Type.String(like('5.1.1'))),
      diagnostic: orNull(Type.String(like('550 5.1.1 no such user'))),
      folder: orNull(Type.String(like('INBOX'))),
      uid: orNull(uid),
    }),
    { description: 'mail that says it did not arrive; each is only a note' },
  ),
})
export type OutboxEntry = Static<typeof OutboxEntry>

export const OutboxQuery = Type.Object(
  {
    ...Page.properties,
    state: Type.Optional(Type.Enum([...sendStates])),
    messageId: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 998,
        description: 'a Message-ID, with or without its angle brackets',
        ...like('1@example.net'),
      }),
    ),
  },
  strict,
)

const Person = Type.Object(
  {
    name: Type.Optional(orNull(Type.String({ maxLength: 200, ...like('Ada Lovelace') }))),
    address: Type.String({ minLength: 3, maxLength: 320, ...like('ada@example.org') }),
  },
  strict,
)
const people = Type.Array(
  Type.Union([Type.String({ minLength: 3, maxLength: 600, ...like('ada@example.org') }), Person], {
    description: 'an address, also with a name (Ada Lovelace <ada@example.org>), or both as an object',
  }),
  { maxItems: sendLimits.recipientsMax, default: [] },
)
const Place = Type.Object(
  {
    folder: Type.String({ minLength: 1, maxLength: 1000, ...like('INBOX') }),
    uid: Type.Integer({ minimum: 1, maximum: 4_294_967_295, ...like(4711) }),
  },
  strict,
)
const letterFields = {
  identity: Type.String({
    minLength: 1,
    maxLength: 320,
    description: 'as whom: the id of an account of this mailbox, or its address',
    ...like('me@example.net'),
  }),
  to: people,
  cc: people,
  bcc: people,
  subject: Type.String({ maxLength: 998, default: '', ...like('Analytical engines') }),
  text: Type.String({ maxLength: apiLimits.letterTextMax, default: '', ...whole, ...like('Dear Ada,\n') }),
  html: Type.Optional(Type.String({ maxLength: apiLimits.letterTextMax, ...whole, ...like('<p>Dear Ada,</p>') })),
  attachments: Type.Array(
    Type.Object(
      {
        filename: Type.String({ minLength: 1, maxLength: 255, ...like('engine.pdf') }),
        contentType: Type.String({
          maxLength: 200,
          pattern: '^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+$',
          default: 'application/octet-stream',
          ...like('application/pdf'),
        }),
        content: Type.String({
          pattern: '^[A-Za-z0-9+/]*={0,2}$',
          description: 'in base64',
          ...like('SGVsbG8='),
        }),
        cid: Type.Optional(
          Type.String({
            maxLength: 200,
            pattern: '^[A-Za-z0-9_.+-]+@[A-Za-z0-9.-]+$',
            description: 'its Content-ID, without brackets: html shows it in its place, as cid:',
            ...like('engine@example.net'),
          }),
        ),
      },
      strict,
    ),
    { maxItems: 100, default: [] },
  ),
  inReplyTo: Type.Optional(
    Type.Object(Place.properties, {
      ...strict,
      description: 'the message that it answers: the thread goes on, and it is marked as answered',
    }),
  ),
  forward: Type.Optional(
    Type.Object(
      {
        ...Place.properties,
        as: Type.Enum(['attached', 'quoted'], {
          default: 'attached',
          description:
            'attached: the whole message is attached; quoted: you have what is passed on in text and attachments already',
        }),
      },
      { ...strict, description: 'the message that it passes on' },
    ),
  ),
}

export const NewLetter = Type.Object(
  {
    ...letterFields,
    sendAt: Type.Optional(
      Type.String({
        pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(:\\d\\d(\\.\\d{1,3})?)?(Z|[+-]\\d\\d:\\d\\d)$',
        description: 'not before that, ISO 8601; until then it can be cancelled',
        ...like('2026-11-24T08:30:00.000Z'),
      }),
    ),
    draft: Type.Optional(Type.Object(Place.properties, { ...strict, description: 'the draft that it was: it goes' })),
  },
  strict,
)
export type NewLetter = Static<typeof NewLetter>

export const NewDraft = Type.Object(
  {
    ...letterFields,
    replaces: Type.Optional(
      Type.Object(Place.properties, { ...strict, description: 'the draft that it takes the place of: it goes' }),
    ),
  },
  strict,
)
export type NewDraft = Static<typeof NewDraft>

export const DraftPlace = Type.Object({
  folder: Type.String(like('Drafts')),
  uid,
})

export const CancelQuery = Type.Object(
  {
    draft: Type.Boolean({
      default: false,
      description: 'what waits is a draft again, whatever its size',
    }),
  },
  strict,
)
export const SendQuery = Type.Object({ sendAt: NewLetter.properties.sendAt }, strict)
