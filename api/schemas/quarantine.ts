/** `/quarantine` and `/accounts/:id/quarantine` on the wire. */
import { type Static, Type } from 'typebox'
import { type AsideRemark, asideRemarkCodes } from '../../src/pull/aside-remark.ts'
import { asideReasons } from '../../src/pull/quarantine.ts'
import { failure } from './failure.ts'
import { Id, Page } from './requests.ts'
import { address, id, like, orNull, strict, time } from './vocabulary.ts'

export const AsideRemarkShape = Type.Unsafe<AsideRemark>(
  Type.Object(
    {
      code: Type.Enum([...asideRemarkCodes]),
      server: Type.Optional(Type.String({ description: 'host and port' })),
      reply: Type.Optional(Type.String({ description: "the server's words" })),
      expected: Type.Optional(Type.String()),
      seconds: Type.Optional(Type.Number()),
      reason: Type.Optional(Type.String()),
      times: Type.Optional(Type.Integer()),
    },
    {
      title: 'AsideRemark',
      description: 'the message as a code with its facts, where there is a name for it',
      ...like({ code: 'not given', server: 'pop.example.net:995', reply: 'no' }),
    },
  ),
)

const entryFields = {
  id,
  uidl: orNull(Type.String(like('UID42-1700000000')), 'null where the provider has none for it'),
  size: Type.Integer(like(48_213)),
  firstSeenAt: time,
  attempts: Type.Integer({ description: 'how often it was retrieved, or tried to be', ...like(3) }),
  reason: Type.Object(
    { ...failure.properties, remark: Type.Optional(AsideRemarkShape) },
    like({ kind: 'provider refused', message: 'pop.example.net:995 lists this message and refuses to give it: "no".' }),
  ),
  overLimit: Type.Boolean({
    description: 'it is larger than maxMessageBytes of its account: with a higher limit it is fetched',
    ...like(false),
  }),
  passes: Type.Boolean({ description: 'the reason may pass without anybody doing anything', ...like(false) }),
  nextAttemptAt: orNull(time, 'when it is tried again by itself; null: only by hand'),
  from: orNull(Type.String(like('Alice Example <alice@example.net>')), 'null where no header of it was seen'),
  subject: orNull(Type.String(like('The minutes of Tuesday'))),
}
export const QuarantineEntry = Type.Object(entryFields)
export type QuarantineEntry = Static<typeof QuarantineEntry>

/** An entry in the list of all accounts. */
export const AnyQuarantineEntry = Type.Object({
  ...entryFields,
  accountId: id,
  address,
  maxMessageBytes: Type.Integer({ description: 'how large a message its account takes', ...like(157_286_400) }),
})
export type AnyQuarantineEntry = Static<typeof AnyQuarantineEntry>

const reason = Type.Enum([...asideReasons], {
  description: 'a kind of reason; "over limit": those with overLimit, which no other reason lists',
})
export type AsideReason = Static<typeof reason>

const filters = {
  destinationId: Type.Optional(Type.String()),
  accountId: Type.Optional(Type.String()),
  reason: Type.Optional(reason),
  firstSeenBefore: Type.Optional(
    Type.String({
      description: 'a time (ISO 8601): those that were set aside until then',
      ...like('2026-11-30T08:00:00.000Z'),
    }),
  ),
}
const cursor = Type.Optional(Type.String({ description: 'the `next` of the answer before' }))

export const QuarantineQuery = Type.Object({ ...Page.properties, ...filters }, strict)
export const QuarantineCountQuery = Type.Object({ cursor, ...filters }, strict)

export const QuarantineCount = Type.Object({
  messages: Type.Integer({ minimum: 0, description: 'how many there are up to `next`', ...like(142) }),
  next: orNull(Type.String(), 'null: all are counted'),
  countedAt: time,
})

export type QuarantineCount = Static<typeof QuarantineCount>

/** Which of them, and how many at once. */
export const SomeQuarantined = Type.Object(
  { ...filters, cursor, limit: Type.Integer({ minimum: 1, maximum: 1000, default: 500 }) },
  strict,
)
export type SomeQuarantined = Static<typeof SomeQuarantined>

export const Settled = Type.Object({
  messages: Type.Integer({ minimum: 0, description: 'for how many it is done', ...like(500) }),
  left: Type.Integer({
    minimum: 0,
    description: 'how many are left as they are: larger than their accounts take, they would only be set aside again',
    ...like(0),
  }),
  accounts: Type.Integer({ minimum: 0, description: 'how many accounts they are of', ...like(3) }),
  runs: Type.Integer({ minimum: 0, description: 'how many runs were asked for', ...like(3) }),
  next: orNull(Type.String(), 'send it as `cursor` to go on; null: it is done for all'),
})
export type Settled = Static<typeof Settled>

export const QuarantineId = Type.Object({ ...Id.properties, entry: Type.String() })
