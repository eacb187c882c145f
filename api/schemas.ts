/** The shapes on the wire, once (CONTRACT): types, validation, serialisation and OpenAPI are read from here. */
import type { Readable } from 'node:stream'
import { type Static, type TSchema, Type } from 'typebox'
import { accountDefaults, tlsModes } from '../src/account.ts'
import { sources } from '../src/discover/candidate.ts'
import { failureKinds } from '../src/failure.ts'
import { folderUses } from '../src/imap/reading.ts'
import { accountOrders } from '../src/redis/account-index.ts'
import { newsTypes } from '../src/news.ts'
import { accountStatuses } from '../src/status.ts'
import { scopes } from '../src/redis/tokens.ts'
import type { Settings } from '../src/settings.ts'
import { type Step, stepCodes } from '../src/step.ts'
import { takeoverFormats } from '../src/takeover.ts'
import { problemTypes, requestParts } from './problems.ts'
import { runCauses, runStates, runTasks } from '../src/run.ts'
import { limits } from '../src/limits.ts'
import { outcomes } from '../src/webhook.ts'

const strict = { additionalProperties: false } as const
/** What the documentation shows in its place; an object without one shows those of its fields. */
const like = <T>(example: T) => ({ examples: [example] })
const id = Type.String({ description: 'ULID', ...like('01JDF3Q4ZK5W8T7R6P9N2M1H0G') })
const time = Type.String({ description: 'ISO 8601, UTC, with milliseconds', ...like('2026-11-24T08:30:00.000Z') })
const text = (maxLength: number, example: string) => Type.String({ minLength: 1, maxLength, ...like(example) })
const port = Type.Integer({ minimum: 1, maximum: 65535, ...like(995) })
const days = Type.Integer({ minimum: 1, maximum: 36_500, ...like(14) })
const orNull = <T extends TSchema>(schema: T, description?: string) =>
  Type.Union([schema, Type.Null()], description === undefined ? {} : { description })

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

const accountFields = {
  address: text(320, 'me@example.net'),
  host: text(253, 'pop.example.net'),
  port,
  tls: Type.Enum([...tlsModes]),
  tlsVerify: Type.Boolean(),
  tlsFingerprint: orNull(
    Type.String({ pattern: '^([0-9A-Fa-f]{2}:?){32}$', ...like('5f'.repeat(32)) }),
    'the SHA-256 of a certificate, 64 hex digits, or null',
  ),
  user: text(512, 'me'),
  destinationId: id,
  folder: text(255, 'INBOX'),
  flags: Type.Array(text(64, '\\Flagged'), { maxItems: 32 }),
  retention,
  firstRun,
  interval,
  maxMessageBytes: Type.Integer({ minimum: 1, maximum: 1_073_741_824, ...like(accountDefaults.maxMessageBytes) }),
  hidesRetrieved: Type.Boolean(like(false)),
  trace: Type.Boolean(),
  paused: Type.Boolean(like(false)),
}
const password = text(1024, 'correct horse battery staple')

/** What is not given stays as it is, or as the defaults have it: of an interval, too. */
export const AccountPatch = Type.Partial(
  Type.Object({ ...accountFields, interval: Type.Partial(interval, strict), password }),
  { ...strict, ...like({ folder: 'Work', retention: { mode: 'keepDays', days: 14 } }) },
)
export type AccountPatch = Static<typeof AccountPatch>

export const NewAccount = Type.Object(
  {
    ...AccountPatch.properties,
    address: accountFields.address,
    host: accountFields.host,
    user: accountFields.user,
    destinationId: id,
    password,
  },
  {
    ...strict,
    description: `Defaults: ${JSON.stringify(accountDefaults)}; port 995 for tls implicit, else 110.`,
    ...like({
      address: 'me@example.net',
      host: 'pop.example.net',
      user: 'me',
      password: 'correct horse battery staple',
      destinationId: '01JDF3Q4ZK5W8T7R6P9N2M1H0G',
    }),
  },
)
export type NewAccount = Static<typeof NewAccount>

/** One line of an import, and of an export. */
export const AccountLine = Type.Object(
  {
    ...NewAccount.properties,
    password: Type.Optional(password),
    sealedPassword: Type.Optional(
      Type.String({
        maxLength: 8192,
        description: 'of an export, in place of a password; with the id that stands there',
      }),
    ),
    id: Type.Optional(
      Type.String({ description: 'of an export: what sealedPassword was sealed for. The account gets a new one' }),
    ),
    guarded: Type.Optional(Type.Literal(true, { description: 'of an export: an owner has chosen host and port' })),
  },
  strict,
)
export type AccountLine = Static<typeof AccountLine>
/** Of an account those that a line of an export holds as they are. */
export const accountFieldNames = Object.keys(accountFields) as (keyof typeof accountFields)[]

export const Import = Type.Object(
  { dryRun: Type.Boolean({ default: false, description: 'only tell what would become of each line' }) },
  strict,
)
export const Export = Type.Object(
  {
    destinationId: Type.Optional(Type.String()),
    secrets: Type.Optional(
      Type.Enum(['sealed'], { description: 'sealed: with each password as it is kept; for the admin of the instance' }),
    ),
  },
  strict,
)

/** Flat: a schema for each code would say no more to a program. */
const step = Type.Unsafe<Step>(
  Type.Object(
    {
      code: Type.Enum([...stepCodes]),
      host: Type.Optional(Type.String()),
      domain: Type.Optional(Type.String()),
      server: Type.Optional(Type.String({ description: 'host and port' })),
      port: Type.Optional(Type.Integer()),
      tls: Type.Optional(Type.Enum([...tlsModes])),
      fingerprint: Type.Optional(Type.String()),
      provider: Type.Optional(Type.String()),
      note: Type.Optional(Type.String({ description: 'on the provider, one sentence' })),
      certain: Type.Optional(Type.Boolean({ description: 'the server has said that this is it' })),
      blocked: Type.Optional(Type.Boolean({ description: 'a firewall seems to keep the port of the account shut' })),
      looked: Type.Optional(Type.Boolean({ description: 'at the usual ports of the host, too' })),
      speaks: Type.Optional(orNull(Type.Enum(['IMAP', 'SMTP', 'the web']))),
      remedy: Type.Optional(Type.String()),
    },
    {
      description: 'what to do about it, as a code with its facts; not there where nothing is known to do',
      ...like({ code: 'other port', port: 995, tls: 'implicit', blocked: false }),
    },
  ),
)
const exampleFailure = {
  kind: 'unreachable',
  message:
    'Could not reach pop.example.net:995: connect ETIMEDOUT. Tried again by itself; check the host and port if it stays so.',
}
const failureFields = { kind: Type.Enum([...failureKinds]), message: Type.String() }
const failure = Type.Object(failureFields, like(exampleFailure))
const runFailure = Type.Object({ ...failureFields, step: Type.Optional(step) }, like(exampleFailure))

export const Run = Type.Object({
  id,
  accountId: id,
  task: Type.Enum([...runTasks]),
  state: Type.Enum([...runStates]),
  cause: Type.Enum([...runCauses]),
  queuedAt: time,
  startedAt: orNull(time),
  finishedAt: orNull(time),
  listed: Type.Integer(like(240)),
  stored: Type.Integer(like(3)),
  bytes: Type.Integer(like(48_213)),
  recovered: Type.Integer(),
  deleted: Type.Integer(),
  quarantined: Type.Integer(),
  fetched: orNull(
    Type.Object({ messages: Type.Integer(), of: Type.Integer() }),
    'while it runs: how many of the messages that it set out for have come; null before that is known',
  ),
  failure: orNull(runFailure),
  notices: Type.Array(Type.String(), {
    description: 'what people may want to know beside that, a sentence each',
    ...like([]),
  }),
})

export const QuarantineEntry = Type.Object({
  id,
  uidl: orNull(Type.String(like('UID42-1700000000')), 'null where the provider has none for it'),
  size: Type.Integer(like(48_213)),
  firstSeenAt: time,
  attempts: Type.Integer({ description: 'how often it was retrieved, or tried to be', ...like(3) }),
  reason: failure,
})
export const QuarantineId = Type.Object({ id: Type.String(), entry: Type.String() })

export const Account = Type.Object({
  id,
  ...accountFields,
  status: Type.Enum([...accountStatuses]),
  lastRun: orNull(Run),
  lastMailAt: orNull(time, 'the end of the run that stored mail of it last'),
  nextRunAt: orNull(time),
  createdAt: time,
})

export const Examination = Type.Object({
  ok: Type.Boolean(),
  messages: Type.Integer(like(240)),
  octets: Type.Integer(like(18_400_213)),
  capabilities: Type.Array(Type.String(), like(['USER', 'UIDL', 'TOP', 'PIPELINING'])),
  tls: orNull(
    Type.Object({
      version: Type.String(like('TLSv1.3')),
      fingerprint: Type.String(like('5f'.repeat(32))),
      validTo: time,
    }),
  ),
  failure: orNull(failure),
  next: orNull(
    Type.String(like('Switch POP3 on in the settings of the mailbox, on the web page of its provider.')),
    'what to do about the failure, one sentence; null where nothing is known to do',
  ),
  step: Type.Optional(step),
})

export const Discover = Type.Object({ address: text(320, 'me@example.net') }, strict)
export const Discovered = Type.Object({
  candidates: Type.Array(
    Type.Object({
      host: Type.String(like('pop.example.net')),
      port: Type.Integer(like(995)),
      tls: Type.Enum([...tlsModes]),
      user: Type.String(like('me@example.net')),
      source: Type.Enum([...sources]),
      verified: Type.Boolean({
        description: 'a POP3 server answered there, under TLS and with a certificate that verifies',
        ...like(true),
      }),
      note: orNull(
        Type.String(like('Yahoo wants an app password in place of your own.')),
        'what to know before the first login, one sentence',
      ),
    }),
    { description: 'the best first' },
  ),
  note: orNull(Type.String(), 'why there is no candidate'),
})

const hosted = {
  kind: Type.Literal('hosted'),
  login: Type.String({
    pattern: '^[A-Za-z0-9._@-]{1,64}$',
    description: 'a-z 0-9 . _ - @; case folded',
    ...like('alice'),
  }),
}
const imap = {
  kind: Type.Literal('imap'),
  host: text(253, 'imap.example.org'),
  port: Type.Integer({ minimum: 1, maximum: 65535, ...like(993) }),
  tls: accountFields.tls,
  tlsVerify: accountFields.tlsVerify,
  tlsFingerprint: accountFields.tlsFingerprint,
  user: text(512, 'me'),
}
const condition = {
  status: Type.Enum(['ok', 'paused'], {
    description:
      'paused: no scheduled run goes there before pausedUntil; one that is asked for does, and ends it if it goes well',
  }),
  pausedUntil: orNull(time),
  failure: orNull(failure, 'what paused it last, until a run has gone well there again'),
}

/** One flat object, not a union: so that every mistake can be named by its field. `kind` tells which fields belong. */
export const NewDestination = Type.Object(
  {
    kind: Type.Enum(['hosted', 'imap']),
    login: Type.Optional(hosted.login),
    host: Type.Optional(imap.host),
    port: Type.Optional(port),
    tls: Type.Optional(imap.tls),
    tlsVerify: Type.Optional(imap.tlsVerify),
    tlsFingerprint: Type.Optional(imap.tlsFingerprint),
    user: Type.Optional(imap.user),
    password,
  },
  { ...strict, ...like({ kind: 'hosted', login: 'alice', password: 'correct horse battery staple' }) },
)
export type NewDestination = Static<typeof NewDestination>

export const DestinationPatch = Type.Partial(
  Type.Object({
    host: imap.host,
    port,
    tls: imap.tls,
    tlsVerify: imap.tlsVerify,
    tlsFingerprint: imap.tlsFingerprint,
    user: imap.user,
    password,
  }),
  { ...strict, ...like({ password: 'correct horse battery staple' }) },
)
export type DestinationPatch = Static<typeof DestinationPatch>

const accounts = Type.Integer({ description: 'how many gather there', ...like(4) })
export const Destination = Type.Union([
  Type.Object({ id, ...hosted, ...condition, accounts, createdAt: time }),
  Type.Object({ id, ...imap, ...condition, accounts, createdAt: time }),
])

const webhook = {
  url: Type.String({
    minLength: 1,
    maxLength: limits.webhookUrlMax,
    description: 'an https URL without user, password or fragment; http where an admin of the whole instance says so',
    ...like('https://panel.example.net/hooks/mail'),
  }),
  events: Type.Array(Type.Enum([...newsTypes]), { minItems: 1, uniqueItems: true, maxItems: newsTypes.length }),
  description: Type.String({ maxLength: 200, ...like('tickets of the help desk') }),
}
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
export const WebhookWithSecret = Type.Object({
  ...Webhook.properties,
  secret: Type.String({
    description: 'signs what is sent; shown here and never again',
    ...like('whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'),
  }),
})

export const Delivery = Type.Object({
  id: Type.String({ description: 'ULID; the webhook-id of every attempt', ...like('01JDF3Q4ZK5W8T7R6P9N2M1H0G') }),
  type: Type.String(like('run.failed')),
  timestamp: time,
  data: Type.Record(Type.String(), Type.Unknown(), like({ accountId: '01JDF3Q4ZK5W8T7R6P9N2M1H0G' })),
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
export const DeliveryId = Type.Object({ id: Type.String(), delivery: Type.String() })

const notice = {
  host: text(253, 'smtp.example.net'),
  port,
  tls: Type.Enum([...tlsModes]),
  user: orNull(text(512, 'me')),
  from: text(320, 'tributary@example.net'),
  to: Type.Array(text(320, 'me@example.net'), { minItems: 1, maxItems: 20 }),
  events: Type.Array(Type.Enum([...newsTypes]), { minItems: 1, uniqueItems: true, maxItems: newsTypes.length }),
}
export const NewNotice = Type.Object(
  {
    host: notice.host,
    port: Type.Optional(port),
    tls: Type.Optional(notice.tls),
    user: Type.Optional(notice.user),
    password: Type.Optional(password),
    from: notice.from,
    to: notice.to,
    events: Type.Optional(notice.events),
  },
  {
    ...strict,
    description:
      'Defaults: tls implicit; port 465, with starttls 587, with none 25; all events. Where no password is given the one before stays, for the same host, port and user.',
  },
)
export const Notice = Type.Object({
  ...notice,
  waiting: Type.Integer({ description: 'pieces of news that the next notice will hold', ...like(0) }),
  lastSentAt: orNull(time),
  lastFailure: orNull(
    Type.Object({ at: time, message: Type.String(like('The SMTP server could not be reached.')) }),
    'what kept the last one from being sent; tried again by itself',
  ),
})
export const NoticeTest = Type.Object({
  ok: Type.Boolean(),
  failure: orNull(Type.String(like('The SMTP server could not be reached.')), 'what kept it from being sent'),
})

export const Connection = Type.Object({
  login: Type.String(like('alice')),
  servers: Type.Array(
    Type.Object({
      protocol: Type.Enum(['imap', 'pop3']),
      host: Type.String(like('mail.example.net')),
      port: Type.Integer(like(1993)),
      tls: Type.Enum([...tlsModes]),
    }),
    { description: 'the best first' },
  ),
})
export const Usage = Type.Object({
  folders: Type.Integer(like(3)),
  messages: Type.Integer(like(240)),
  octets: orNull(Type.Integer(like(18_400_213)), 'null: the store does not tell'),
})

export const Sample = Type.Object({
  account: orNull(
    Type.Object({
      address: accountFields.address,
      host: Type.String(like('127.0.0.1')),
      port: Type.Integer(like(1110)),
      tls: accountFields.tls,
      user: accountFields.user,
      password,
    }),
    'null: there is none here',
  ),
})

export const Keys = Type.Object({
  items: Type.Array(
    Type.Object({
      id: Type.String({ description: 'tells the key from others, and nothing of it', ...like('k7Jq2_xA') }),
      createdAt: orNull(time, 'null where nobody wrote it down'),
      state: Type.Enum(['sealing', 'opening', 'missing'], {
        description: 'missing: records are sealed with it, and it is not among the keys',
      }),
      records: Type.Integer({ description: 'that something is sealed in with it' }),
    }),
  ),
  resealing: Type.Boolean({ description: 'whether records are being sealed anew just now' }),
})

const ports = Type.Unsafe<readonly number[]>(Type.Array(port, { maxItems: 100, ...like([110, 995]) }))
const ownerPorts = Type.Object(
  { pop3: ports, imap: ports, web: ports },
  { ...strict, description: 'where accounts, destinations and webhooks of owners may lead' },
)
const settingFields = {
  ownerPorts,
  adminMayReachPrivate: Type.Boolean({
    description: 'whether what an admin registers may lead into private networks and to this machine itself',
  }),
  arrivedKeptDays: Type.Integer({
    minimum: 0,
    maximum: 3650,
    description: 'for how long one can see what a run brought; 0: never',
  }),
  transcriptsKept: Type.Integer({
    minimum: 0,
    maximum: 100,
    description: 'of how many runs of an account the protocol is kept',
  }),
} satisfies Record<keyof Settings, TSchema>
export const SettingsShape = Type.Object(settingFields, strict)
export const SettingsPatch = Type.Partial(
  Type.Object({ ...settingFields, ownerPorts: Type.Partial(ownerPorts, strict) }),
  strict,
)
export const NewToken = Type.Object(
  {
    name: text(100, 'hosting panel'),
    scopes: Type.Array(Type.Enum([...scopes]), {
      minItems: 1,
      maxItems: scopes.length,
      description: 'one or more of read, operate, admin; each holds those before it',
    }),
    destinationId: Type.Optional(orNull(id, 'the destination of the owner that this token is for, or null')),
    expiresAt: Type.Optional(orNull(time, 'a time in ISO 8601, or null: it does not expire')),
  },
  strict,
)
export const Token = Type.Object({
  id,
  name: text(100, 'hosting panel'),
  scopes: NewToken.properties.scopes,
  destinationId: orNull(id),
  createdAt: time,
  expiresAt: orNull(time),
  lastUsedAt: orNull(time, 'known to the minute'),
})
export const MadeToken = Type.Object({
  ...Token.properties,
  token: Type.String({
    description: 'what to send as `Authorization: Bearer TOKEN`; told this once',
    ...like('trib_01JDF3Q4ZK5W8T7R6P9N2M1H0G_3mVqZ0tJr8sK1nXwYb5cLd7eFg9hPiAoUvTxSyRzQ4B'),
  }),
})

export const SignIn = Type.Object(
  {
    login: Type.Optional(text(64, 'alice')),
    password: Type.String({
      minLength: 1,
      maxLength: 1024,
      description: 'of the login, else the admin’s or a token',
      ...like('correct horse battery staple'),
    }),
  },
  strict,
)
export const AdminPassword = Type.Object(
  {
    password: Type.String({
      minLength: 12,
      maxLength: 1024,
      description: 'a text of 12 characters or more',
      ...like('correct horse battery staple'),
    }),
  },
  strict,
)
export const Session = Type.Object({
  name: Type.String(like('alice')),
  scope: Type.Enum([...scopes]),
  destinationId: orNull(id, 'whose owner this is; null: the whole instance’s'),
  csrf: orNull(
    Type.String(like('3mVqZ0tJr8sK1nXwYb5cLd7eFg9hPiAoUvTxSyRzQ4B')),
    'what changes by cookie need as the header x-csrf-token; null for a token',
  ),
})

export const AuditEntry = Type.Object({
  id,
  at: time,
  who: Type.Object(
    { id: Type.String(like('01JDF3Q4ZK5W8T7R6P9N2M1H0G')), name: Type.String(like('hosting panel')) },
    { description: 'the token, login or admin; of a refused sign-in whose password was asked for, or nobody' },
  ),
  from: Type.String({ description: 'address', ...like('192.0.2.7') }),
  method: Type.String(like('PATCH')),
  path: Type.String(like('/api/v1/accounts/01JDF3Q4ZK5W8T7R6P9N2M1H0G')),
  status: Type.Integer(like(200)),
  changed: Type.Array(Type.String(), {
    description: 'names of the fields that were sent',
    ...like(['password', 'interval']),
  }),
})

/** No JSON: what `produces` names. */
export const File = Type.Unsafe<Buffer | Readable>({ type: 'string', format: 'binary', description: 'The file' })

export const Nothing = Type.Unsafe<void>(Type.Null({ description: 'No content' }))

export const Id = Type.Object({ id: Type.String() })

export const IfMatch = Type.Object({
  'if-match': Type.Optional(
    Type.String({ description: 'an ETag: 412 where what is kept has changed since. * takes any version' }),
  ),
})
export const IdempotencyKey = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      description:
        'of your choice, other for each request: the same request sent again within a day is done once, and answered as the first time',
    }),
  ),
})
export const IfNoneMatch = Type.Object({
  'if-none-match': Type.Optional(Type.String({ description: 'an ETag: 304 where nothing has changed since' })),
})

export const Page = Type.Object(
  { limit: Type.Integer({ minimum: 1, maximum: 500, default: 50 }), cursor: Type.Optional(Type.String()) },
  strict,
)
export const DestinationQuery = Type.Object(
  { ...Page.properties, q: Type.Optional(Type.String({ description: 'part of login, host or user' })) },
  strict,
)
export const AccountQuery = Type.Object(
  {
    ...Page.properties,
    status: Type.Optional(Type.Enum([...accountStatuses])),
    q: Type.Optional(Type.String({ description: 'part of address, host or user' })),
    destinationId: Type.Optional(Type.String()),
    sort: Type.Enum([...accountOrders], { default: 'createdAt', description: '-: backwards' }),
  },
  strict,
)
export type AccountQuery = Static<typeof AccountQuery>

export const Pull = Type.Object(
  {
    wait: Type.Integer({ minimum: 0, maximum: 600, default: 0, description: 'seconds to wait for the end of the run' }),
  },
  strict,
)
export const LedgerImport = Type.Object(
  { format: Type.Enum([...takeoverFormats], { description: 'the program that wrote the file' }) },
  strict,
)
export const Imported = Type.Object({
  imported: Type.Integer({ description: 'UIDLs that the ledger did not know; what is imported twice is one' }),
})
export const Restore = Type.Object({ replace: Type.Boolean({ default: false }) }, strict)
export const Restored = Type.Object({ createdAt: time, accounts: Type.Integer(), destinations: Type.Integer() })
export const Purge = Type.Object({ purge: Type.Boolean({ default: false }) }, strict)

const count = Type.Integer({ minimum: 0 })
const tallies = (what: string) =>
  Type.Array(Type.Object({ at: time, messages: count, bytes: count, runs: count, failed: count }), {
    description: what,
  })
const health = Type.Object({ ok: Type.Boolean(), detail: orNull(Type.String(), 'what is wrong') })
export const Stats = Type.Object({
  accounts: Type.Object({
    total: count,
    byStatus: Type.Object(Object.fromEntries(accountStatuses.map((status) => [status, count]))),
  }),
  destinations: Type.Object({ total: count, paused: count }),
  runs: Type.Object({ running: count, waiting: count }),
  mail: Type.Object({ hours: tallies('48, the present one last'), days: tallies('30, the present one last') }),
  health: Type.Object({ redis: health, store: health, workers: count }),
})

export const Arrivals = Type.Object({
  items: Type.Array(
    Type.Object({
      storedAt: time,
      from: orNull(Type.String()),
      subject: orNull(Type.String()),
      date: orNull(time, 'as the message has it'),
      size: Type.Integer({ description: 'octets, as the provider sent it' }),
      folder: Type.String(),
      uid: orNull(Type.Integer(), 'in that folder, when it came there; null where the store does not tell'),
    }),
  ),
  next: orNull(Type.String()),
  omitted: Type.Integer({ description: 'older ones of this run, of which nothing is kept' }),
})

const folderPath = Type.String({ description: 'path, as the list of folders has it', ...like('INBOX') })
export const Folder = Type.Object({
  path: folderPath,
  name: Type.String({ description: 'of the last level', ...like('INBOX') }),
  depth: Type.Integer({ description: '0: at the top', ...like(0) }),
  use: orNull(Type.Enum([...folderUses]), 'what the store keeps there (RFC 6154)'),
  messages: count,
  unseen: count,
  selectable: Type.Boolean({ description: 'false: a level in the path of others, without messages', ...like(true) }),
})
export const Folders = Type.Object({ items: Type.Array(Folder) })

const person = Type.Object({
  name: orNull(Type.String(like('Ada Lovelace'))),
  address: orNull(Type.String(like('ada@example.org'))),
})
const uid = Type.Integer({ description: 'in its folder, while uidValidity is the same', ...like(4711) })
const uidValidity = Type.Integer(like(1_764_000_000))
const flags = {
  seen: Type.Boolean(),
  flagged: Type.Boolean(),
}
const heading = {
  from: orNull(person),
  subject: orNull(Type.String(like('Analytical engines'))),
  date: orNull(time, 'as the message has it'),
  arrived: orNull(time, 'INTERNALDATE of the store'),
  size: Type.Integer({ description: 'octets', ...like(48_213) }),
  ...flags,
  answered: Type.Boolean(),
}
export const MailList = Type.Object({
  items: Type.Array(
    Type.Object({ uid, ...heading, attachments: Type.Boolean({ description: 'it has some that are not inline' }) }),
  ),
  next: orNull(Type.String()),
  total: Type.Integer({ description: 'that fit, in the folder', ...like(240) }),
  uidValidity,
})
export const Mail = Type.Object({
  uid,
  folder: folderPath,
  uidValidity,
  ...heading,
  replyTo: Type.Array(person),
  to: Type.Array(person),
  cc: Type.Array(person),
  text: orNull(Type.String(like('Dear Charles, …')), 'null: it has none but HTML'),
  html: Type.Boolean({ description: 'there is HTML to show' }),
  remote: Type.Boolean({ description: 'the HTML names content that lies elsewhere' }),
  truncated: Type.Boolean({ description: 'text or HTML is longer than 1 MB, and ends there' }),
  attachments: Type.Array(
    Type.Object({
      part: Type.String(like('2.1')),
      filename: orNull(Type.String(like('engine.pdf'))),
      type: Type.String(like('application/pdf')),
      size: Type.Integer({ description: 'octets, nearly: the store counts them encoded', ...like(120_400) }),
      inline: Type.Boolean({ description: 'meant to be seen in the text' }),
    }),
  ),
  trace: orNull(
    Type.Object({
      account: Type.String({ description: 'its address', ...like('me@example.net') }),
      provider: Type.String({ description: 'the host it was gathered from', ...like('pop.example.net') }),
      run: Type.String(like('01JDF3Q4ZK5W8T7R6P9N2M1H0G')),
      gatheredAt: orNull(time),
    }),
    'what its trace block says of how it came here; null where it has none',
  ),
})
const folder = text(1000, 'INBOX')
export const MailQuery = Type.Object(
  {
    ...Page.properties,
    folder,
    search: Type.Optional(
      Type.String({
        maxLength: 200,
        pattern: '^[^\\u0000-\\u001f]*$',
        description: 'words without control characters, anywhere in the message',
      }),
    ),
    unread: Type.Boolean({ default: false }),
  },
  strict,
)
const mailPlace = { folder, uidValidity: Type.Optional(Type.Integer({ minimum: 1, maximum: 4_294_967_295 })) }
export const MailPlace = Type.Object(mailPlace, {
  ...strict,
  description: 'with uidValidity: 409 where the UIDs of the folder are others by now',
})
export const MailShown = Type.Object(
  { ...mailPlace, remote: Type.Boolean({ default: false, description: 'with images from elsewhere' }) },
  strict,
)
export const MailId = Type.Object({
  id: Type.String(),
  uid: Type.String({ pattern: '^[1-9]\\d{0,9}$', description: 'a UID' }),
})
export const MailPart = Type.Object({
  ...MailId.properties,
  part: Type.String({ pattern: '^[1-9]\\d{0,3}(\\.[1-9]\\d{0,3}){0,30}$', description: 'the number of a part' }),
})
export const MailFlags = Type.Partial(Type.Object(flags), { ...strict, ...like({ seen: true }) })
export const MailFlagged = Type.Object({ uid, ...flags })

export const Transcript = Type.Object({
  lines: Type.Array(Type.Object({ at: time, side: Type.Enum(['client', 'server', 'note']), text: Type.String() })),
  truncated: Type.Boolean(),
})

export const listOf = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), next: orNull(Type.String(like('MDFKREYzUTRaSzVXOFQ3UjZQOU4yTTFIMEc'))) })

/** RFC 9457; problems.ts says what each type means. */
export const ProblemShape = Type.Object({
  type: Type.Enum(Object.keys(problemTypes).map((type) => `/problems/${type}`)),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String({ description: 'what happened, to whom, and what to do next' }),
  errors: Type.Optional(
    Type.Array(
      Type.Object({
        in: Type.Enum([...requestParts]),
        pointer: Type.String({ description: 'JSON pointer into that part (RFC 6901)' }),
        detail: Type.String(),
      }),
    ),
  ),
})
