/** The SMTP server of an account as somebody sets it: what becomes of the fields of a request, and which of them need a password. */
import type { Account, ServerLogin } from '../src/account/account.ts'
import { isSameHost, normalHost } from '../src/account/host.ts'
import type { Mistake } from '../src/account/mistake.ts'
import { providerOfHost } from '../src/account/providers.ts'
import { type SealedSmtp, type Smtp, smtpPort } from '../src/account/sending.ts'
import { sendingMistakes, smtpLoginOf } from '../src/account/smtp-login.ts'
import { tokenMistakes } from '../src/oauth/application.ts'
import type { AccountRecord } from '../src/redis/account-record.ts'
import type { InstanceSettingsStore } from '../src/redis/instance-settings.ts'
import type { OAuthApplications } from '../src/redis/oauth-applications.ts'
import type { Seal } from '../src/seal.ts'
import { badRequest, Problem } from './http/problems.ts'
import { demandReach, guardedBy } from './http/reach.ts'
import type { Principal } from './http/who.ts'
import { pinOf } from './login-fields.ts'
import { passwordNeeded, tokenLineMistakes } from './password-needed.ts'
import type { SmtpGiven } from './schemas/sending.ts'

export function isServer<T extends object>(smtp: T | false | null | undefined): smtp is T {
  return typeof smtp === 'object' && smtp !== null
}

/** What the fields make of the server that there is. A null in them is the account's own. */
export function smtpAfter(given: SmtpGiven | undefined, before: Smtp): Smtp {
  if (given === undefined) return before
  if (given === false || given === null) return given
  const was = isServer(before) ? before : undefined
  const { password, ownPassword, host = was?.host ?? '', tls = was?.tls ?? 'implicit', ...rest } = given
  const usual = was !== undefined && was.tls === tls ? was.port : smtpPort(tls)
  const { tlsVerify, tlsFingerprint, user, auth, sasl } = { ...was, ...withoutUndefined(rest) }
  const isOwn = password !== undefined || (ownPassword ?? was?.ownPassword === true)
  return {
    host: normalHost(host) ?? host,
    port: given.port ?? usual,
    tls,
    ...(tlsVerify == null ? {} : { tlsVerify }),
    ...(tlsFingerprint == null ? {} : { tlsFingerprint: pinOf(tlsFingerprint) ?? '' }),
    ...(user == null ? {} : { user }),
    ...(auth == null ? {} : { auth }),
    ...(sasl == null ? {} : { sasl }),
    ...(isOwn ? { ownPassword: true } : {}),
  }
}

function withoutUndefined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}

export function smtpView(smtp: Smtp) {
  if (!isServer(smtp)) return smtp
  const { host, port, tls, tlsVerify, tlsFingerprint, user, auth, sasl, ownPassword } = smtp
  return {
    host,
    port,
    tls,
    tlsVerify: tlsVerify ?? null,
    tlsFingerprint: tlsFingerprint ?? null,
    user: user ?? null,
    auth: auth ?? null,
    sasl: sasl ?? null,
    ownPassword: ownPassword === true,
  }
}

interface SmtpChange {
  readonly principal: Principal
  readonly given: SmtpGiven | undefined
  /** The account's own password, where the call has it. */
  readonly password: string | undefined
  /** Undefined: the account is made. */
  readonly before: Account | undefined
  /** A sealed password that comes with the account (an import). */
  readonly sealedSmtpPassword?: string | undefined
}

/** Everything that is wrong with what an account is to have for sending. */
export function smtpMistakes(after: Account, change: SmtpChange): Mistake[] {
  const { principal, given, password, before } = change
  const own = isServer(given) ? given.password : undefined
  const isLacking = isServer(given) && given.host === undefined && !isServer(before?.smtp)
  if (isLacking) return [{ pointer: '/smtp/host', detail: 'is required', rule: 'required' }]
  const login = smtpLoginOf(after)
  const earlier = before === undefined ? undefined : smtpLoginOf(before)
  const line =
    login === undefined ? [] : tokenLineMistakes(principal, login, earlier === undefined ? {} : { before: earlier })
  return [
    ...sendingMistakes(after, own),
    ...line.map((mistake) => ({ ...mistake, pointer: `/smtp${mistake.pointer}` })),
    ...(before === undefined
      ? ownPasswordMissing(after, own ?? change.sealedSmtpPassword)
      : smtpPasswordNeeded(before, after, { own, password })),
  ]
}

function ownPasswordMissing({ smtp }: Account, own: string | undefined): Mistake[] {
  const isMissing = isServer(smtp) && smtp.ownPassword === true && own === undefined
  return isMissing
    ? [{ pointer: '/smtp/password', detail: 'is required: it has a password of its own', rule: 'required' }]
    : []
}

/** As with the login itself (password-needed.ts): whoever leads the password that is kept to another server shows it. */
export function smtpPasswordNeeded(
  before: Account,
  after: Account,
  { own, password }: { readonly own: string | undefined; readonly password: string | undefined },
): Mistake[] {
  const [was, is] = [smtpLoginOf(before), smtpLoginOf(after)]
  if (is === undefined || own !== undefined) return []
  const hadOwn = isServer(before.smtp) && before.smtp.ownPassword === true
  const hasOwn = isServer(after.smtp) && after.smtp.ownPassword === true
  if (hasOwn && !hadOwn) return ownPasswordMissing(after, own)
  if (!hasOwn && password !== undefined) return []
  const isAsBefore = was !== undefined && hadOwn === hasOwn
  if (!isAsBefore && isOfItsProvider(before, is)) return []
  const names = (mistakes: readonly Mistake[]) =>
    mistakes.map(({ pointer }) => ({
      pointer: `/smtp${pointer}`,
      detail: 'cannot be set so without the password: send `smtp.password`, or `password`, in the same call',
      rule: 'password needed' as const,
    }))
  return isAsBefore
    ? names(passwordNeeded(was, is).filter(() => !isOfItsProvider(before, is)))
    : is.auth === 'password'
      ? names([{ pointer: '/host', detail: '' }])
      : []
}

/** The account's password goes where it goes today: to its own host, or to the host that its provider is known to have for sending. */
export function isOfItsProvider(before: Account, { host, port, tls, user, tlsVerify, ...rest }: ServerLogin): boolean {
  const isItsHost = isSameHost(host, before.host) || isSameHost(host, providerOfHost(before.host)?.smtp?.host ?? '')
  const isChecked = tlsVerify || !before.tlsVerify || rest.tlsFingerprint !== null
  return isItsHost && [465, 587].includes(port) && tls !== 'none' && isChecked && user === before.user
}

interface SmtpKept {
  readonly given: SmtpGiven | undefined
  readonly before: Partial<SealedSmtp>
  readonly seal: Seal
}

/** The password of its own that a record is to have. */
export function sealedSmtp(
  { id, smtp }: Account,
  { given, before, seal }: SmtpKept,
): Pick<SealedSmtp, 'sealedSmtpPassword'> {
  if (!isServer(smtp) || smtp.ownPassword !== true) return {}
  const own = isServer(given) ? given.password : undefined
  if (own !== undefined) return { sealedSmtpPassword: seal.seal(own, id, 'smtpPassword') }
  return before.sealedSmtpPassword === undefined ? {} : { sealedSmtpPassword: before.sealedSmtpPassword }
}

/** The mark of an SMTP server that an owner has chosen. */
export function smtpGuardedBy(
  principal: Principal,
  { smtp }: Account,
  before?: AccountRecord,
): Pick<AccountRecord, 'smtpGuarded'> {
  if (!isServer(smtp)) return {}
  const was = before?.account.smtp
  const earlier = isServer(was) ? { ...was, guarded: before?.smtpGuarded } : undefined
  return guardedBy(principal, smtp, earlier).guarded ? { smtpGuarded: true } : {}
}

interface SmtpPlaces {
  readonly settings: InstanceSettingsStore
  readonly applications: OAuthApplications
}

/** @throws Problem unless its SMTP server may be dialled, and may be given its tokens. */
export async function demandSmtpPlaces(
  { settings, applications }: SmtpPlaces,
  account: Account,
  { smtpGuarded }: Pick<AccountRecord, 'smtpGuarded'>,
): Promise<void> {
  const login = smtpLoginOf(account)
  if (login === undefined || normalHost(login.host) === undefined) return
  const guarded = smtpGuarded ? ({ guarded: true } as const) : {}
  try {
    await demandReach(settings, guarded, 'smtp', login)
    const record = login.auth === 'oauth2' ? await applications.get(login.oauth?.applicationId ?? '') : undefined
    const mistakes = record === undefined ? [] : tokenMistakes(record.application, login, smtpGuarded === true)
    if (mistakes.length > 0) throw badRequest(mistakes)
  } catch (error) {
    if (!(error instanceof Problem) || error.errors.length === 0) throw error
    throw badRequest(error.errors.map((wrong) => ({ ...wrong, pointer: `/smtp${wrong.pointer}` })))
  }
}

/** What a test of the address has shown holds for that address by that login alone. */
export function keptProof(before: AccountRecord, after: Account): Pick<AccountRecord, 'identityProof'> {
  const { identityProof, account } = before
  const of = (one: Account) => JSON.stringify([one.address, smtpLoginOf(one)])
  return identityProof === undefined || of(account) !== of(after) ? {} : { identityProof }
}
