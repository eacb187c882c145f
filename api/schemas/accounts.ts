/** `/accounts` on the wire. */
import { type Static, Type } from 'typebox'
import { accountDefaults } from '../../src/account/account.ts'
import { loginDefaults } from '../../src/account/login.ts'
import { troubleReasons } from '../../src/failure/trouble-reason.ts'
import { accountOrders } from '../../src/redis/account-index.ts'
import { shownRhythmCodes } from '../../src/runs/shown-rhythm.ts'
import { accountStatuses } from '../../src/runs/status.ts'
import type { SharedAddress } from '../../src/send/identity.ts'
import { failure, step } from './failure.ts'
import { loginFields, passwordUnlessSignedIn } from './logins.ts'
import { OAuthStatus } from './oauth.ts'
import { Page } from './requests.ts'
import { Run } from './runs.ts'
import { AccountSending, sendingFields, SmtpGiven } from './sending.ts'
import {
  address,
  example,
  host,
  hostUnicode,
  importBytesPerHour,
  id,
  like,
  orNull,
  password,
  port,
  strict,
  text,
  time,
  tls,
  tlsFingerprint,
  tlsVerify,
  user,
} from './vocabulary.ts'

const days = Type.Integer({ minimum: 1, maximum: 36_500, ...like(14) })
const retention = Type.Union(
  [
    Type.Object({ mode: Type.Literal('keep') }, strict),
    Type.Object({ mode: Type.Literal('delete') }, strict),
    Type.Object({ mode: Type.Literal('keepDays'), days }, strict),
  ],
  { description: '{ "mode": "keep" }, { "mode": "delete" } or { "mode": "keepDays", "days": 1 to 36500 }' },
)
const firstRun = Type.Union(
  [
    Type.Object({ mode: Type.Literal('all') }, strict),
    Type.Object({ mode: Type.Literal('onlyNew') }, strict),
    Type.Object({ mode: Type.Literal('lastDays'), days }, strict),
  ],
  { description: '{ "mode": "all" }, { "mode": "onlyNew" } or { "mode": "lastDays", "days": 1 to 36500 }' },
)
const seconds = Type.Integer({ minimum: 1, maximum: 30 * 86_400 })
const interval = Type.Object(
  { minSeconds: seconds, maxSeconds: seconds },
  { ...strict, ...like(accountDefaults.interval) },
)

export const accountFields = {
  address,
  host: host('pop.example.net'),
  port: port(995),
  tls,
  tlsVerify,
  tlsFingerprint,
  user,
  ...loginFields,
  destinationId: id,
  folder: text(255, 'INBOX'),
  flags: Type.Array(text(64, '\\Flagged'), { maxItems: 32 }),
  retention,
  firstRun,
  interval,
  maxMessageBytes: Type.Integer({ minimum: 1, maximum: 1_073_741_824, ...like(accountDefaults.maxMessageBytes) }),
  importBytesPerHour,
  hidesRetrieved: Type.Boolean(like(false)),
  trace: Type.Boolean(),
  paused: Type.Boolean(like(false)),
  ...sendingFields,
}

/** A field that is not given keeps its value, or takes its default; the same holds for each part of an interval. */
export const AccountPatch = Type.Partial(
  Type.Object({ ...accountFields, interval: Type.Partial(interval, strict), smtp: SmtpGiven, password }),
  { ...strict, ...like({ folder: 'Work', retention: { mode: 'keepDays', days: 14 } }) },
)
export type AccountPatch = Static<typeof AccountPatch>

export const NewAccount = Type.Object(
  {
    ...AccountPatch.properties,
    address: accountFields.address,
    host: accountFields.host,
    destinationId: id,
    password: Type.Optional(password),
  },
  {
    ...strict,
    ...passwordUnlessSignedIn,
    description: `Without a user it is the address (most providers want that), or what is known of the provider. Defaults: ${JSON.stringify({ ...accountDefaults, ...loginDefaults })}; port 995 for tls implicit, else 110.`,
    ...like({
      address: 'me@example.net',
      host: 'pop.example.net',
      user: 'me',
      password: example.password,
      destinationId: example.id,
    }),
  },
)
export type NewAccount = Static<typeof NewAccount>

const rhythm = Type.Object(
  {
    code: Type.Enum([...shownRhythmCodes], like('quiet hour')),
    seconds: orNull(Type.Integer(like(1200)), 'from the last visit to the next; null: it is not visited by itself'),
  },
  { description: 'why nextRunAt is when it is' },
)
const reason = Type.Enum([...troubleReasons])
const status = Type.Enum([...accountStatuses], {
  description: 'waiting: a run is queued, or it has been due for some seconds and has no place at its server yet',
})
const AccountRemark = Type.Unsafe<SharedAddress>(
  Type.Object(
    {
      code: Type.Literal('shared address', {
        description: 'another account of the mailbox, with this user at this host, has the address',
      }),
      address: Type.String(),
      user: Type.String(),
      host: Type.String(),
      sentBy: orNull(Type.Enum(['new', 'former']), 'which of the two sends as it; null: neither'),
    },
    { title: 'AccountRemark' },
  ),
)

export const Account = Type.Object({
  id,
  ...accountFields,
  oauth: orNull(OAuthStatus, 'the sign-in, with auth oauth2'),
  hostUnicode,
  twinOf: orNull(
    Type.String(like(example.id)),
    'an account of the same source, registered before: this one was paused when their hosts turned out to be one; remove one of the two',
  ),
  status,
  needsPerson: Type.Boolean({
    description: 'only somebody can mend why it gets no mail, though it may still be tried by itself',
    ...like(false),
  }),
  reason: orNull(
    reason,
    'why it fails, while it does; also while it is tried again: the kind of its last failure, or "no such host", which stands apart from unreachable',
  ),
  quarantined: Type.Integer({ minimum: 0, description: 'how many of its messages are set aside', ...like(0) }),
  lastRun: orNull(Run),
  lastMailAt: orNull(time, 'the end of the run that stored mail of it last'),
  lastCheckedAt: orNull(time, 'the end of its last visit: a run, or one that found nothing to do and is no run'),
  nextRunAt: orNull(time),
  rhythm,
  sending: orNull(AccountSending, 'how its sending stands; null: it sends nothing'),
  createdAt: time,
  notices: Type.Optional(
    Type.Array(Type.String(), {
      description: 'of a POST or a PATCH: what to know of it, such as another account of the mailbox with its address',
    }),
  ),
  remarks: Type.Optional(
    Type.Array(AccountRemark, { description: 'the notices as codes with their facts. Not there without notices' }),
  ),
})
export type Account = Static<typeof Account>

/** So many that the address of the request stays below 8 KiB: proxies refuse longer ones. */
const idsMax = 200
export const AccountQuery = Type.Object(
  {
    ...Page.properties,
    status: Type.Optional(status),
    q: Type.Optional(Type.String({ description: 'part of address, host or user' })),
    destinationId: Type.Optional(Type.String()),
    quarantined: Type.Optional(Type.Literal(true, { description: 'those alone that have messages set aside' })),
    needsPerson: Type.Optional(Type.Boolean()),
    reason: Type.Optional(reason),
    host: Type.Optional(Type.String({ description: 'the whole name of the server', ...like('pop.example.net') })),
    sort: Type.Enum([...accountOrders], { default: 'createdAt', description: '-: backwards' }),
    ids: Type.Optional(
      Type.String({
        pattern: `^[0-9A-Z]{26}(,[0-9A-Z]{26}){0,${idsMax - 1}}$`,
        description: `these alone, in this order, with commas between them, ${idsMax} at most; who is gone is left out, and limit, cursor, q and sort do not count`,
      }),
    ),
  },
  strict,
)
export type AccountQuery = Static<typeof AccountQuery>

export const Examination = Type.Object({
  ok: Type.Boolean(),
  messages: Type.Integer(like(240)),
  octets: Type.Integer(like(18_400_213)),
  capabilities: Type.Array(Type.String(), like(['USER', 'UIDL', 'TOP', 'PIPELINING'])),
  tls: orNull(
    Type.Object({
      version: Type.String(like('TLSv1.3')),
      fingerprint: Type.String(like(example.fingerprint)),
      validTo: time,
    }),
  ),
  user: Type.Optional(
    Type.String({
      description:
        'where none was sent, the user that was tried: the address; if that is refused, and the server neither names another reason nor counts logins, once more what stands before the @',
      ...like('me@example.net'),
    }),
  ),
  failure: orNull(failure),
  next: orNull(
    Type.String(like('Switch POP3 on in the settings of the mailbox, on the web page of its provider.')),
    'what to do about the failure, one sentence; null where nothing is known to do',
  ),
  step: Type.Optional(step),
})
export type Examination = Static<typeof Examination>
