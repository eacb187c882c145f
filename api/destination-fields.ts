/** Makes a destination from the fields that somebody sends, by its rules and defaults. */
import { hostedPasswordMistakes, secretMistakes } from '../src/account/account.ts'
import { type Destination, destinationDefaults } from '../src/account/destination.ts'
import { hostMistakes, normalHost } from '../src/account/host.ts'
import { choiceMistakes, type LoginChoices } from '../src/account/login.ts'
import type { Mistake } from '../src/account/mistake.ts'
import { sealedProxy } from '../src/account/proxy.ts'
import type { DestinationId } from '../src/mail/message.ts'
import type { DestinationRecord } from '../src/redis/destinations.ts'
import { keptTraits } from '../src/sasl/kept-traits.ts'
import type { Seal } from '../src/seal.ts'
import { newId } from './app.ts'
import type { Principal } from './http/who.ts'
import { badRequest } from './http/problems.ts'
import { guardedBy } from './http/reach.ts'
import { givenMistakes, pinOf, storedForm } from './login-fields.ts'
import { keptPassword, passwordMistakes } from './sign-in-rules.ts'
import { passwordNeeded, tokenLineMistakes } from './password-needed.ts'
import type { DestinationPatch, NewDestination } from './schemas/destinations.ts'

/** The fields of an `imap` destination that have defaults. */
const optional = [
  'port',
  'tls',
  'tlsVerify',
  'tlsFingerprint',
  'auth',
  'sasl',
  'tlsMinVersion',
  'tlsLegacy',
  'proxy',
  'oauth',
] as const

/** @throws Problem that names every field which is wrong. */
export function newDestination(body: NewDestination, principal: Principal): Destination {
  const mistakes: Mistake[] = []
  const belongs = body.kind === 'hosted' ? ['login'] : ['host', 'user', ...optional]
  for (const field of ['login', 'host', 'user', ...optional] as const) {
    const given = body[field] !== undefined
    if (given && !belongs.includes(field))
      mistakes.push({ pointer: `/${field}`, detail: `is no field of a destination of kind ${body.kind}` })
    if (!given && ['login', 'host', 'user'].includes(field) && belongs.includes(field))
      mistakes.push({ pointer: `/${field}`, detail: 'is required', rule: 'required' })
  }
  const login = body.login?.toLowerCase() ?? ''
  if (login === '.' || login === '..')
    mistakes.push({ pointer: '/login', detail: 'must be more than dots', rule: 'pattern' })
  if (body.host !== undefined) mistakes.push(...hostMistakes(body.host))
  mistakes.push(...secretMistakes(body.user ?? '', body.password))
  mistakes.push(...passwordMistakes(body.kind === 'hosted' ? 'password' : body.auth, body.password))
  if (body.kind === 'hosted') mistakes.push(...hostedPasswordMistakes(body.password))
  else mistakes.push(...choiceMistakes(given(body), 'IMAP'), ...givenMistakes(body, principal))
  if (mistakes.length > 0) throw badRequest(mistakes)
  const { importBytesPerHour = null } = body
  const identity = { id: newId() as DestinationId, createdAtMs: Date.now(), importBytesPerHour }
  if (body.kind === 'hosted') return { ...identity, kind: 'hosted', login }
  const { host = '', tls = destinationDefaults.tls, user = '', tlsVerify = destinationDefaults.tlsVerify } = body
  const normal = normalHost(host) ?? host
  const port = body.port ?? (tls === 'implicit' ? 993 : 143)
  const tlsFingerprint = pinOf(body.tlsFingerprint ?? destinationDefaults.tlsFingerprint)
  const server = { host: normal, port, tls, tlsVerify, tlsFingerprint, user }
  return storedForm({ ...identity, kind: 'imap' as const, ...server, ...given(body) })
}

/** The choices among the fields. */
function given({ auth, sasl, tlsMinVersion, tlsLegacy, proxy, oauth }: DestinationPatch): Partial<LoginChoices> {
  const all = { auth, sasl, tlsMinVersion, tlsLegacy, proxy, oauth }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

export function patchMistakes(destination: Destination, body: DestinationPatch, principal: Principal): Mistake[] {
  const foreign = (['host', 'user', ...optional] as const).filter((field) => body[field] !== undefined)
  return [
    ...(destination.kind === 'hosted' ? foreign : []).map((field) => ({
      pointer: `/${field}`,
      detail: 'is no field of a hosted destination',
    })),
    ...(body.presentPassword === undefined ? [] : presentPasswordMistakes(destination, body)),
    ...(body.host === undefined ? [] : hostMistakes(body.host)),
    ...secretMistakes(body.user ?? '', body.password),
    ...(destination.kind === 'hosted'
      ? hostedPasswordMistakes(body.password)
      : givenMistakes(body, principal, destination)),
  ]
}

function presentPasswordMistakes({ kind }: Destination, { password }: DestinationPatch): Mistake[] {
  const mistake = (detail: string) => [{ pointer: '/presentPassword', detail }]
  if (kind !== 'hosted') return mistake('is no field of a destination elsewhere: its password is that of its server')
  return password === undefined ? mistake('goes with a new `password` in the same call') : []
}

interface PatchOptions {
  /** The hash of the new password of a hosted destination; undefined: the password stays. */
  readonly passwordHash: string | undefined
  readonly seal: Seal
  readonly principal: Principal
  /** The fingerprints that its server has shown. */
  readonly shown: readonly string[]
}

export function patchedDestination(
  before: DestinationRecord,
  body: DestinationPatch,
  { passwordHash, seal, principal, shown }: PatchOptions,
): DestinationRecord {
  const { destination, guarded, ...rest } = before
  if (destination.kind === 'hosted') {
    const { importBytesPerHour = destination.importBytesPerHour ?? null } = body
    const after = { ...destination, importBytesPerHour }
    return { ...before, destination: after, passwordHash: passwordHash ?? before.passwordHash }
  }
  const { password, tlsFingerprint = destination.tlsFingerprint, ...fields } = body
  const host = normalHost(fields.host ?? destination.host) ?? destination.host
  const after = storedForm({ ...destination, ...fields, host, tlsFingerprint: pinOf(tlsFingerprint) }, body)
  const needed =
    password === undefined ? passwordNeeded(destination, after, shown) : passwordMistakes(after.auth, password)
  const mistakes = [
    ...needed,
    ...tokenLineMistakes(principal, after, { before: destination, shown }),
    ...choiceMistakes(after, 'IMAP'),
  ]
  if (mistakes.length > 0) throw badRequest(mistakes)
  const { sealedProxyPassword: _, loginTraits: __, ...others } = rest
  const sealed = (text: string) => seal.seal(text, destination.id, 'password')
  return {
    ...others,
    ...keptTraits(before, destination, after, password !== undefined),
    ...sealedProxy(seal, destination.id, body.proxy, { ...before, proxy: destination.proxy }),
    ...guardedBy(principal, after, { ...destination, guarded }),
    destination: after,
    sealedPassword:
      password === undefined
        ? keptPassword({ login: destination, sealedPassword: before.sealedPassword }, after.auth, sealed)
        : sealed(password),
  }
}
