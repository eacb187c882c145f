/** What an account has for sending, on the wire (CONTRACT section 11). */
import { type Static, Type } from 'typebox'
import { authMethods, saslNames } from '../../src/account/login.ts'
import { sentCopies } from '../../src/account/sending.ts'
import { smtpStepCodes } from '../../src/failure/smtp-step.ts'
import { identityStates } from '../../src/send/identity.ts'
import { ratePeriods } from '../../src/send/provider-limits.ts'
import { sendingStates } from '../../src/send/sending-state.ts'
import { failure } from './failure.ts'
import { host, id, like, orNull, password, port, strict, time, tls, tlsFingerprint, user, whole } from './vocabulary.ts'

const pop3Alone = ['APOP', 'USER']
const mechanisms = saslNames.filter((name) => !pop3Alone.includes(name))

export const smtpFields = {
  host: host('smtp.example.net'),
  port: port(465),
  tls,
  tlsVerify: orNull(Type.Boolean(), "null: the account's own"),
  tlsFingerprint,
  user: orNull(user, "null: the account's own"),
  auth: orNull(Type.Enum([...authMethods], like('password')), "null: the account's own"),
  sasl: orNull(Type.Enum(mechanisms), `${mechanisms.join(', ')}; null: the strongest that the server offers`),
  ownPassword: Type.Boolean({ description: "it has a password of its own; false: the account's", ...like(false) }),
}
const meaning =
  'false: the account sends nothing; null: the server is looked for, and nothing is sent until it is found; else the SMTP server of its provider'

export const Smtp = Type.Union([Type.Object(smtpFields), Type.Literal(false), Type.Null()], { description: meaning })

/** One schema, and no union: a mistake is told at the field that has it. */
export const SmtpGiven = Type.Unsafe<false | null | Static<typeof SmtpFields>>({
  type: ['object', 'boolean', 'null'],
  not: { const: true },
  properties: { ...smtpFields, password },
  additionalProperties: false,
  description: `${meaning}: { host, port, tls, user, password, auth, sasl, tlsVerify, tlsFingerprint }. Defaults: tls implicit; port 465, with starttls 587, with none 25; the rest is the account's own. What is left out stays; ownPassword false forgets a password of its own`,
  ...like({ host: 'smtp.example.net', port: 465, tls: 'implicit' }),
})
const SmtpFields = Type.Partial(Type.Object({ ...smtpFields, password }), strict)
export type SmtpGiven = Static<typeof SmtpGiven>

export const sendingFields = {
  smtp: Smtp,
  senderName: orNull(
    Type.String({ minLength: 1, maxLength: 200, ...like('Anna Example') }),
    'the name beside the address in From',
  ),
  signature: orNull(Type.String({ minLength: 1, maxLength: 10_000, ...whole, ...like('Anna') })),
  sentCopy: Type.Enum([...sentCopies], {
    description: 'the copy in Sent that we file: auto where nobody else has',
    ...like('auto'),
  }),
  sendLimit: orNull(
    Type.Object({ perHour: Type.Integer({ minimum: 1, maximum: 1_000_000, ...like(100) }) }, strict),
    'messages an hour at most; null: as the provider is learnt to take',
  ),
}

export const SmtpExamination = Type.Object({
  ok: Type.Boolean(),
  failure: orNull(failure),
  next: orNull(
    Type.String(
      like('Check user and password: they are those of POP3, unless smtp has a user and a password of its own.'),
    ),
    'what to do about the failure, one sentence; null where nothing is known to do',
  ),
  step: orNull(Type.Enum([...smtpStepCodes]), 'the same as a code'),
  smtp: Smtp,
})
export type SmtpExamination = Static<typeof SmtpExamination>

/** How the sending of an account stands. Its messages say so themselves, and wait. */
export const AccountSending = Type.Object({
  state: Type.Enum([...sendingStates], {
    description:
      'held: its server does not let it send; limited: it has sent as much as it may, or its server says so; what is to go out waits, and is tried again by itself',
  }),
  since: orNull(time),
  until: orNull(time, 'nothing of it goes out before; null: it is tried as soon as something waits'),
  limit: orNull(
    Type.Object({ messages: Type.Integer(like(100)), period: Type.Enum([...ratePeriods], like('hour')) }),
    'what it has sent in any such time: as sendLimit says, or as its server was seen to take',
  ),
  failure: orNull(failure),
  next: orNull(Type.String(), 'what to do about the failure, one sentence; null where nothing is known to do'),
  step: orNull(Type.Enum([...smtpStepCodes]), 'the same as a code'),
})
export type AccountSending = Static<typeof AccountSending>

export const AddressVerification = Type.Object({
  ...SmtpExamination.properties,
  state: Type.Enum([...identityStates], {
    description: 'refused does not send; unverified does',
    ...like('unverified'),
  }),
})
export type AddressVerification = Static<typeof AddressVerification>

export const SendingIdentity = Type.Object({
  accountId: id,
  address: Type.String(like('me@example.net')),
  name: orNull(Type.String(like('Anna Example'))),
  default: Type.Boolean({ description: 'it sends for its address, which another account may have too', ...like(true) }),
  state: Type.Enum([...identityStates], { description: 'refused does not send; unverified does' }),
  reason: orNull(Type.String(), "the provider's words, where it has refused"),
  testedAt: orNull(
    time,
    'when it was verified or refused; of an unverified one, when the mail went out that shall come back; null: never tested',
  ),
})
export const Identities = Type.Object({ items: Type.Array(SendingIdentity) })
export type SendingIdentities = Static<typeof Identities>
