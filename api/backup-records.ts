/**
 * What the records of a backup must be like where nothing proves where it is from: like those that the API itself takes, and such as it can show
 * again. Their texts are not looked at anew, since earlier versions took some that are refused today (docs/decisions/0074).
 */
import { Type } from 'typebox'
import {
  type Account,
  accountDefaults,
  accountMistakes,
  isDeletedFlag,
  secretMistakes,
} from '../src/account/account.ts'
import type { Destination } from '../src/account/destination.ts'
import { hostMistakes } from '../src/account/host.ts'
import type { Mistake } from '../src/account/mistake.ts'
import { proxyMistakes } from '../src/account/proxy.ts'
import { unsaidSending } from '../src/account/sending.ts'
import { sendingMistakes } from '../src/account/smtp-login.ts'
import type { BulletinSettings } from '../src/news/bulletin.ts'
import { newsTypes } from '../src/news/news.ts'
import { applicationMistakes, type OAuthApplication } from '../src/oauth/application.ts'
import { oauthFlows } from '../src/oauth/providers.ts'
import type { Entry } from '../src/redis/backup-entry.ts'
import { keys } from '../src/redis/key-names.ts'
import { scopes } from '../src/redis/tokens.ts'
import { idleRowIn, runOfRow } from '../src/runs/idle-row.ts'
import { unpackRhythm } from '../src/runs/packed-rhythm.ts'
import { lastRunIn } from '../src/runs/run-record.ts'
import { mistakeOfString, ofAccount, run } from './backup-account-records.ts'
import { count, failure, id, json, ms, no, orNull, pattern, readBy, type Rule, sealed, text } from './backup-rules.ts'
import { apiLimits } from './limits.ts'
import { accountFields } from './schemas/accounts.ts'
import { NewBulletin } from './schemas/bulletin.ts'
import { step } from './schemas/failure.ts'
import { NewOAuthApplication } from './schemas/oauth-applications.ts'
import { smtpFields } from './schemas/sending.ts'
import { settingsStored } from './schemas/settings.ts'

const named =
  (part: string) =>
  (record: Readonly<Record<string, { readonly id?: string }>>, field: string): string | undefined =>
    (record[part]?.id ?? field) === field ? undefined : 'it has the id of another one'

const { address, host, user, destinationId: _, importBytesPerHour, smtp: _smtp, ...choices } = accountFields
const { retention: _r, firstRun: _f, interval: _i, folder: _o, flags: _l, ...others } = choices
const { senderName: _n, signature: _g, sentCopy: _y, sendLimit: _m, ...login } = others
const smtp = Type.Union([
  Type.Literal(false),
  Type.Null(),
  Type.Object({ ...Type.Partial(Type.Object(smtpFields)).properties, host, port: choices.port, tls: choices.tls }),
])
const stored = { id: Type.Optional(id), createdAtMs: Type.Optional(ms) }

/** A record of an earlier version lacks fields. */
type StoredAccount = Omit<Account, 'user' | 'flags'> & Partial<Pick<Account, 'user' | 'flags'>>

const account = json(
  'account',
  Type.Object({
    account: Type.Object({
      ...Type.Partial(Type.Object(choices)).properties,
      ...stored,
      address,
      host,
      user: Type.Optional(user),
      destinationId: id,
      importBytesPerHour: Type.Optional(importBytesPerHour),
      smtp: Type.Optional(smtp),
      sourceHost: Type.Optional(host),
      retentionChanges: Type.Optional(count),
      longestChosen: Type.Optional(Type.Literal(true)),
    }),
    sealedPassword: sealed,
    sealedProxyPassword: Type.Optional(sealed),
    sealedSmtpPassword: Type.Optional(sealed),
    guarded: Type.Optional(Type.Literal(true)),
    smtpGuarded: Type.Optional(Type.Literal(true)),
    identityProof: Type.Optional(
      Type.Object({
        state: Type.Enum(['verified', 'refused', 'sent']),
        reason: orNull(text(10_000)),
        atMs: ms,
        token: Type.Optional(Type.String({ pattern: '^[0-9a-f]{32}$' })),
      }),
    ),
    loginTraits: Type.Optional(Type.Array(text(100), { maxItems: 100 })),
    twinOf: Type.Optional(id),
  }),
  (record: { account: StoredAccount }, field) => {
    const { user: name = record.account.address, address: shown } = record.account
    if ([...secretMistakes(name, undefined), ...secretMistakes(shown, undefined)].length > 0)
      return 'its user or address has line ends'
    return unfitForWire(record.account) ?? named('account')(record, field)
  },
)

/**
 * What stands in a command as it is, or says where to connect, is held to the rules of today: it does harm at the next visit. \\Deleted
 * was taken by an earlier version, and is never sent.
 */
function unfitForWire(stored: StoredAccount): string | undefined {
  const flags = (stored.flags ?? []).map((flag) => (isDeletedFlag(flag) ? '\\Seen' : flag))
  const whole: Account = { ...accountDefaults, ...unsaidSending, ...stored, flags, user: stored.user ?? stored.address }
  const ofPlace = accountMistakes(whole, undefined).filter(({ pointer }) => /^\/(?:folder$|flags\/)/.test(pointer))
  const ofSending = sendingMistakes(whole, undefined).filter(({ pointer }) => !pointer.endsWith('/password'))
  return told([...hostMistakes(stored.host), ...proxyMistakes(stored.proxy), ...ofPlace, ...ofSending])
}

const told = ([mistake]: readonly Mistake[]) =>
  mistake === undefined ? undefined : `${mistake.pointer} ${mistake.detail}`

const destination = json(
  'destination',
  Type.Object({
    destination: Type.Union([
      Type.Object({
        ...stored,
        id,
        kind: Type.Literal('hosted'),
        login: Type.String({ pattern: '^(?!\\.{1,2}$)[a-z0-9._@-]{1,64}$' }),
        importBytesPerHour: Type.Optional(importBytesPerHour),
      }),
      Type.Object({
        ...Type.Partial(Type.Object(login)).properties,
        ...stored,
        id,
        kind: Type.Literal('imap'),
        host,
        user,
        importBytesPerHour: Type.Optional(importBytesPerHour),
      }),
    ]),
    // It becomes a line of Dovecot's users file.
    passwordHash: orNull(Type.String({ pattern: '^\\{[A-Z0-9.-]{1,40}\\}[^\\s:\\x00-\\x1f\\x7f]{1,512}$' })),
    sealedPassword: sealed,
    sealedProxyPassword: Type.Optional(sealed),
    guarded: Type.Optional(Type.Literal(true)),
  }),
  (record: { destination: Destination }, field) => {
    const { destination: one } = record
    const mistakes =
      one.kind === 'imap'
        ? [...hostMistakes(one.host), ...secretMistakes(one.user, undefined), ...proxyMistakes(one.proxy)]
        : []
    return told(mistakes) ?? named('destination')(record, field)
  },
)

const webhook = json(
  'webhook',
  Type.Object({
    webhook: Type.Object({
      id,
      url: Type.String({ minLength: 1, maxLength: apiLimits.webhookUrlMax }),
      events: Type.Array(Type.Enum([...newsTypes]), { maxItems: newsTypes.length }),
      description: text(1000),
      destinationId: orNull(id),
      guarded: Type.Boolean(),
      enabled: Type.Boolean(),
      createdAtMs: ms,
    }),
    sealedSecret: text(65_536),
    before: orNull(Type.Object({ sealedSecret: text(65_536), untilMs: ms })),
  }),
  (record: { webhook: { id: string; url: string } }, field) => {
    const url = URL.canParse(record.webhook.url) ? new URL(record.webhook.url) : undefined
    const fits = url !== undefined && /^https?:$/.test(url.protocol) && url.username + url.password === ''
    return fits ? named('webhook')(record, field) : 'its URL is none'
  },
)

const token = json(
  'token',
  Type.Object({
    id,
    name: Type.String({ minLength: 1, maxLength: 200 }),
    scopes: Type.Array(Type.Enum([...scopes]), { minItems: 1, maxItems: scopes.length }),
    destinationId: orNull(id),
    createdAtMs: ms,
    expiresAtMs: orNull(ms),
    digest: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }),
  }),
  (record: { id: string }, field) => (record.id === field ? undefined : 'it has the id of another one'),
)

const { clientSecret: _c, serviceAccount: _s, ...application } = NewOAuthApplication.properties
const oauthApplication = json(
  'application',
  Type.Object({
    application: Type.Object({
      ...Type.Partial(Type.Object(application)).properties,
      id,
      provider: application.provider,
      clientId: application.clientId,
      issuer: orNull(text(2048)),
      tenant: orNull(text(253)),
      serviceAccount: orNull(text(320)),
      addresses: Type.Array(text(512), { maxItems: 10_000 }),
      hosts: Type.Array(text(300), { maxItems: 32 }),
      createdAtMs: ms,
    }),
  }),
  (record: { application: OAuthApplication }, field) => {
    // Whether there is a secret is told when it is used.
    const [mistake] = applicationMistakes(record.application, { clientSecret: 'sealed', serviceAccount: null })
    return mistake === undefined
      ? named('application')({ application: { id: record.application.id } }, field)
      : `${mistake.pointer} ${mistake.detail}`
  },
)

const grant = json(
  'sign-in',
  Type.Object({
    applicationId: text(64),
    host: text(300),
    user: text(512),
    generation: text(100),
    flow: Type.Enum([...oauthFlows]),
    signedInAs: orNull(text(1000)),
    state: Type.Enum(['signed in', 'refused']),
    reason: orNull(text(10_000)),
    issuedAtMs: ms,
    accessUntilMs: ms,
    refreshUntilMs: orNull(ms),
    warning: orNull(Type.Object({ code: text(100), atMs: ms })),
  }),
)

const state = json(
  'state of an account',
  Type.Object({
    failures: count,
    firstFailureAtMs: orNull(ms),
    refusals: count,
    firstRefusalAtMs: orNull(ms),
    attention: Type.Boolean(),
    lastFailure: orNull(failure),
  }),
)
const pause = json(
  'pause',
  Type.Object({
    pausedUntilMs: ms,
    times: count,
    failure: Type.Object({ ...failure.properties, happened: Type.Optional(text(10_000)), step: Type.Optional(step) }),
  }),
)
const toldOf = json('record of what was told', Type.Object({ trouble: text(20), failedAtMs: orNull(ms) }))
const bulletin = json(
  'bulletin',
  Type.Object({
    settings: Type.Object({ ...NewBulletin.properties, password: Type.Optional(Type.Null()), user: orNull(user) }),
    sealedPassword: sealed,
  }),
  ({ settings: { host: server, user: name, from, to } }: { settings: BulletinSettings }) => {
    if ([from, ...to].some((one) => /[\p{Cc}\p{Cs}]/u.test(one))) return 'its addresses have control characters'
    return told([...hostMistakes(server), ...secretMistakes(name ?? '', undefined)])
  },
)
const bulletinState = json(
  'state of the bulletin',
  Type.Object({ sentAtMs: orNull(ms), spacingMs: ms, failures: count }),
)
const bulletinParts: Readonly<Record<string, Rule>> = {
  notice: bulletin,
  state: bulletinState,
  more: pattern('number', /^\d{1,15}$/),
}
const settings = new Map(Object.entries(settingsStored).map(([name, form]) => [name, json(name, form)]))
/** One that a later or earlier version has is not looked at by this one. */
const setting: Rule = (value, name) =>
  /^[A-Za-z]{1,40}$/.test(name) ? (settings.get(name) ?? json(name, Type.Unknown()))(value, name) : no('setting')

const lastRun: Rule = (value, field) => {
  if (value.startsWith('{')) return run(value, field)
  if (/^[0-9A-Z]{26}$/.test(value)) return undefined
  return readBy('run', lastRunIn)(value, field)
}

/** What CAPA has said, the separator of an IMAP server, or when a trait was learnt. */
const serverTrait: Rule = (value, field) =>
  field.includes(' capabilities ') ? capabilities(value, field) : separatorOrTime(value, field)
const said = Type.Array(text(1000), { maxItems: 1000 })
const capabilities = json('capabilities of a server', Type.Object({ atMs: ms, before: said, after: said }))
const separatorOrTime = pattern('trait', /^(?:\d{1,16}|[^\r\n\d]{1,8}|)$/)

/** The rule for the values of each hash, and whether its fields are ids. */
const shared: Readonly<Record<string, readonly [fields: RegExp, rule: Rule]>> = {
  [keys.accounts]: [/^[0-9A-Z]{26}$/, account],
  [keys.accountStates]: [/^[0-9A-Z]{26}$/, state],
  [keys.predecessors]: [/^[0-9A-Z]{26}$/, pattern('id', /^[0-9A-Z]{26}$/)],
  [keys.destinations]: [/^[0-9A-Z]{26}$/, destination],
  [keys.purges]: [/^[0-9A-Z]{26}$/, destination],
  [keys.pauses]: [/^[0-9A-Z]{26}$/, pause],
  [keys.serverTraits]: [/^[^\r\n]{1,400}$/, serverTrait],
  [keys.lastRuns]: [/^[0-9A-Z]{26}$/, lastRun],
  [keys.lastMail]: [/^[0-9A-Z]{26}$/, pattern('time', /^(?:\d{1,16}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)$/)],
  [keys.rhythms]: [/^[0-9A-Z]{26}$/, readBy('rhythm', (value) => unpackRhythm(value) ?? null)],
  [keys.checks]: [
    /^[0-9A-Z]{26}$/,
    readBy('row of visits', (value, field) => {
      const row = idleRowIn(value)
      return row === undefined ? null : runOfRow(field as never, row)
    }),
  ],
  [keys.settings]: [/^/, setting],
  [keys.told]: [/^[0-9A-Z]{26}$/, toldOf],
  [keys.webhooks]: [/^[0-9A-Z]{26}$/, webhook],
  [keys.notice]: [/^(?:notice|state|more)$/, (value, name) => bulletinParts[name]?.(value, name)],
  [keys.oauthApplications]: [/^[0-9A-Z]{26}$/, oauthApplication],
  [keys.oauthGrants]: [/^[0-9A-Z]{26}$/, grant],
  [keys.tokens]: [/^[0-9A-Z]{26}$/, token],
  [keys.tokenUses]: [/^[0-9A-Z]{26}$/, pattern('time', /^\d{1,16}$/)],
  [keys.passwords]: [/^admin$/, pattern('hash of a password', /^\{[A-Z0-9.-]{1,40}\}[^\s:]{1,512}$/)],
}
const formerSource = [/^.{1,2000}$/s, pattern('source', /^\d{1,16} [0-9A-Z]{26}$/)] as const

/** For backup-check.ts: what is wrong with the values of one line. */
export function backupMistake(entry: Entry): string | undefined {
  const { key, type } = entry
  if (type === 'string') return mistakeOfString(entry)
  if (type === 'zset') {
    const members = Object.entries(entry.value)
    const fits = members.every(([member, score]) => /^[0-9A-Z]{26}$/.test(member) && score >= 0 && score <= 8.64e15)
    return fits ? undefined : `no value of ${key}`
  }
  const part = key.slice(key.lastIndexOf(':') + 1)
  const [fields, rule] = shared[key] ?? (key.startsWith('tributary:{') ? ofAccount[part] : undefined) ?? formerSource
  for (const [field, value] of Object.entries(entry.value)) {
    if (!fields.test(field)) return `a field of ${key} that no backup holds`
    const mistake = rule(value, field)
    if (mistake !== undefined) return `${mistake} (${field.slice(0, 40)} of ${key})`
  }
  return undefined
}
