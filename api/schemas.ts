/** The shapes on the wire, once (CONTRACT): types, validation, serialisation and OpenAPI are read from here. */
import { type Static, type TSchema, Type } from 'typebox'
import { accountDefaults, tlsModes } from '../src/account.ts'
import { failureKinds } from '../src/failure.ts'
import { accountStatuses } from '../src/redis/accounts.ts'
import { scopes } from '../src/redis/tokens.ts'
import { takeoverFormats } from '../src/takeover.ts'
import { runCauses, runStates, runTasks } from '../src/run.ts'

const strict = { additionalProperties: false } as const
const id = Type.String({ description: 'ULID' })
const time = Type.String({ description: 'ISO 8601, UTC, with milliseconds' })
const text = (maxLength: number) => Type.String({ minLength: 1, maxLength })
const port = Type.Integer({ minimum: 1, maximum: 65535 })
const days = Type.Integer({ minimum: 1, maximum: 36_500 })
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
const interval = Type.Object({ minSeconds: seconds, maxSeconds: seconds }, strict)

const accountFields = {
  address: text(320),
  host: text(253),
  port,
  tls: Type.Enum([...tlsModes]),
  tlsVerify: Type.Boolean(),
  tlsFingerprint: orNull(
    Type.String({ pattern: '^([0-9A-Fa-f]{2}:?){32}$' }),
    'the SHA-256 of a certificate, 64 hex digits, or null',
  ),
  user: text(512),
  destinationId: id,
  folder: text(255),
  flags: Type.Array(text(64), { maxItems: 32 }),
  retention,
  firstRun,
  interval,
  maxMessageBytes: Type.Integer({ minimum: 1, maximum: 1_073_741_824 }),
  hidesRetrieved: Type.Boolean(),
  trace: Type.Boolean(),
  paused: Type.Boolean(),
}
const password = text(1024)

/** What is not given stays as it is, or as the defaults have it: of an interval, too. */
export const AccountPatch = Type.Partial(
  Type.Object({ ...accountFields, interval: Type.Partial(interval, strict), password }),
  strict,
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
  { ...strict, description: `Defaults: ${JSON.stringify(accountDefaults)}; port 995 for tls implicit, else 110.` },
)
export type NewAccount = Static<typeof NewAccount>

export const Run = Type.Object({
  id,
  accountId: id,
  task: Type.Enum([...runTasks]),
  state: Type.Enum([...runStates]),
  cause: Type.Enum([...runCauses]),
  queuedAt: time,
  startedAt: orNull(time),
  finishedAt: orNull(time),
  listed: Type.Integer(),
  stored: Type.Integer(),
  bytes: Type.Integer(),
  recovered: Type.Integer(),
  deleted: Type.Integer(),
  quarantined: Type.Integer(),
  fetched: orNull(
    Type.Object({ messages: Type.Integer(), of: Type.Integer() }),
    'while it runs: how many of the messages that it set out for have come; null before that is known',
  ),
  failure: orNull(Type.Object({ kind: Type.Enum([...failureKinds]), message: Type.String() })),
  notices: Type.Array(Type.String(), { description: 'what people may want to know beside that, a sentence each' }),
})

export const QuarantineEntry = Type.Object({
  id,
  uidl: orNull(Type.String(), 'null where the provider has none for it'),
  size: Type.Integer(),
  firstSeenAt: time,
  attempts: Type.Integer({ description: 'how often it was retrieved, or tried to be' }),
  reason: Type.Object({ kind: Type.Enum([...failureKinds]), message: Type.String() }),
})
export const QuarantineId = Type.Object({ id: Type.String(), entry: Type.String() })

export const Account = Type.Object({
  id,
  ...accountFields,
  status: Type.Enum([...accountStatuses]),
  lastRun: orNull(Run),
  nextRunAt: orNull(time),
  createdAt: time,
})

export const Examination = Type.Object({
  ok: Type.Boolean(),
  messages: Type.Integer(),
  octets: Type.Integer(),
  capabilities: Type.Array(Type.String()),
  tls: orNull(Type.Object({ version: Type.String(), fingerprint: Type.String(), validTo: Type.String() })),
  failure: orNull(Type.Object({ kind: Type.Enum([...failureKinds]), message: Type.String() })),
})

const hosted = {
  kind: Type.Literal('hosted'),
  login: Type.String({ pattern: '^[A-Za-z0-9._@-]{1,64}$', description: 'a-z 0-9 . _ - @; case folded' }),
}
const imap = {
  kind: Type.Literal('imap'),
  host: text(253),
  port,
  tls: accountFields.tls,
  tlsVerify: accountFields.tlsVerify,
  tlsFingerprint: accountFields.tlsFingerprint,
  user: text(512),
}
const condition = {
  status: Type.Enum(['ok', 'paused'], {
    description:
      'paused: no scheduled run goes there before pausedUntil; one that is asked for does, and ends it if it goes well',
  }),
  pausedUntil: orNull(time),
  failure: orNull(
    Type.Object({ kind: Type.Enum([...failureKinds]), message: Type.String() }),
    'what paused it last, until a run has gone well there again',
  ),
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
  strict,
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
  strict,
)
export type DestinationPatch = Static<typeof DestinationPatch>

export const Destination = Type.Union([
  Type.Object({ id, ...hosted, ...condition, createdAt: time }),
  Type.Object({ id, ...imap, ...condition, createdAt: time }),
])

export const NewToken = Type.Object(
  {
    name: text(100),
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
  name: text(100),
  scopes: NewToken.properties.scopes,
  destinationId: orNull(id),
  createdAt: time,
  expiresAt: orNull(time),
  lastUsedAt: orNull(time, 'known to the minute'),
})
export const MadeToken = Type.Object({
  ...Token.properties,
  token: Type.String({ description: 'what to send as `Authorization: Bearer TOKEN`; told this once' }),
})

export const SignIn = Type.Object(
  {
    login: Type.Optional(text(64)),
    password: Type.String({ minLength: 1, maxLength: 1024, description: 'of the login, else the admin’s or a token' }),
  },
  strict,
)
export const AdminPassword = Type.Object(
  { password: Type.String({ minLength: 12, maxLength: 1024, description: 'a text of 12 characters or more' }) },
  strict,
)
export const Session = Type.Object({
  name: Type.String(),
  scope: Type.Enum([...scopes]),
  destinationId: orNull(id, 'whose owner this is; null: the whole instance’s'),
  csrf: orNull(Type.String(), 'what changes by cookie need as the header x-csrf-token; null for a token'),
})

export const AuditEntry = Type.Object({
  id,
  at: time,
  who: Type.Object(
    { id: Type.String(), name: Type.String() },
    { description: 'the token, login or admin; of a refused sign-in whose password was asked for, or nobody' },
  ),
  from: Type.String({ description: 'address' }),
  method: Type.String(),
  path: Type.String(),
  status: Type.Integer(),
  changed: Type.Array(Type.String(), { description: 'names of the fields that were sent' }),
})

export const Nothing = Type.Unsafe<void>(Type.Null({ description: 'No content' }))

export const Id = Type.Object({ id: Type.String() })

export const Page = Type.Object(
  { limit: Type.Integer({ minimum: 1, maximum: 500, default: 50 }), cursor: Type.Optional(Type.String()) },
  strict,
)
export const AccountQuery = Type.Object(
  {
    ...Page.properties,
    status: Type.Optional(Type.Enum([...accountStatuses])),
    q: Type.Optional(Type.String({ description: 'part of address, host or user' })),
    destinationId: Type.Optional(Type.String()),
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

export const listOf = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), next: orNull(Type.String()) })

export const ProblemShape = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  errors: Type.Optional(Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() }))),
})
