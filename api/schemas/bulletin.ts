/** `/bulletin` on the wire. */
import { type Static, Type } from 'typebox'
import { address, events, host, like, orNull, password, port, strict, text, time, tls, user } from './vocabulary.ts'

const trouble = Type.String(like('The SMTP server could not be reached.'))
const bulletin = {
  host: host('smtp.example.net'),
  port: port(465),
  tls,
  user: orNull(user),
  from: text(320, 'tributary@example.net'),
  to: Type.Array(address, { minItems: 1, maxItems: 20 }),
  events,
}
export const NewBulletin = Type.Object(
  {
    host: bulletin.host,
    port: Type.Optional(bulletin.port),
    tls: Type.Optional(bulletin.tls),
    user: Type.Optional(bulletin.user),
    password: Type.Optional(password),
    from: bulletin.from,
    to: bulletin.to,
    events: Type.Optional(bulletin.events),
  },
  {
    ...strict,
    description:
      'Defaults: tls implicit; port 465, with starttls 587, with none 25; all events. Where no password is given the one before stays; another host, port or user, and tls none in place of another, need it in the same call.',
  },
)
export const BulletinToTest = Type.Optional(Type.Union([NewBulletin, Type.Null()]))
export type NewBulletin = Static<typeof NewBulletin>

export const Bulletin = Type.Object({
  ...bulletin,
  waiting: Type.Integer({ description: 'pieces of news that the next bulletin will hold', ...like(0) }),
  lastSentAt: orNull(time),
  lastFailure: orNull(
    Type.Object({ at: time, message: trouble }),
    'what kept the last one from being sent; tried again by itself',
  ),
})
export type Bulletin = Static<typeof Bulletin>

export const BulletinTest = Type.Object({
  ok: Type.Boolean(),
  failure: orNull(trouble, 'what kept it from being sent'),
})
export type BulletinTest = Static<typeof BulletinTest>
