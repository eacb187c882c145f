/**
 * The changes of a login that need its password in the same call. Whoever may change accounts, and does not know their passwords, could
 * otherwise have one sent to a server of theirs, or in a form that they can read.
 */
import type { ServerLogin } from '../src/account/account.ts'
import { isSameHost } from '../src/account/host.ts'
import { choicesOf, loginDefaults, tlsVersions } from '../src/account/login.ts'
import type { Mistake } from '../src/account/mistake.ts'
import type { Principal } from './http/who.ts'

/** @param shown the fingerprints that a test or a run has met there: whoever pins one of them goes on as before. */
export function passwordNeeded(before: ServerLogin, after: ServerLogin, shown: readonly string[] = []): Mistake[] {
  const [was, is] = [choicesOf(before), choicesOf(after)]
  // No password is sent by a login that has none.
  if (is.auth !== 'password') return []
  const elsewhere: readonly (readonly [field: string, needs: boolean])[] = [
    ['host', !isSameHost(before.host, after.host)],
    ['port', before.port !== after.port],
    ['user', before.user !== after.user],
    ['auth', was.auth !== is.auth],
    ['sasl', was.sasl !== is.sasl],
    ['proxy', was.proxy !== is.proxy],
  ]
  const detail = 'cannot be changed so without the password: send `password` in the same call'
  const fields = elsewhere.filter(([, needs]) => needs).map(([field]) => field)
  return [...fields, ...weakerLine(before, after, shown)].map((field) => ({
    pointer: `/${field}`,
    detail,
    rule: 'password needed',
  }))
}

/**
 * Tokens go over TLS whose certificate is checked (sign-in-rules.ts says so to everybody). An owner's token has no password by which it could
 * prove that it may weaken that line.
 */
export function tokenLineMistakes(
  { destinationId }: Pick<Principal, 'destinationId'>,
  after: ServerLogin,
  { before, shown = [] }: { readonly before?: ServerLogin; readonly shown?: readonly string[] } = {},
): Mistake[] {
  const signsIn = (login: ServerLogin) => choicesOf(login).auth === 'oauth2'
  if (destinationId === undefined || !signsIn(after)) return []
  const was = before !== undefined && signsIn(before) ? before : { ...after, ...usualLine }
  const toldToAll = ['tls', 'tlsVerify']
  const detail = 'of a login that signs in is set so by an admin of the instance alone'
  return weakerLine(was, after, shown)
    .filter((field) => !toldToAll.includes(field))
    .map((field) => ({ pointer: `/${field}`, detail, rule: 'admin only' }))
}

const { tlsMinVersion, tlsLegacy } = loginDefaults
const usualLine = { tls: 'implicit', tlsVerify: true, tlsFingerprint: null, tlsMinVersion, tlsLegacy } as const

/** The fields by which more can read what goes over the line, or pose as the server. A line in clear cannot be weakened. */
function weakerLine(before: ServerLogin, after: ServerLogin, shown: readonly string[]): string[] {
  if (before.tls === 'none') return []
  const [was, is] = [choicesOf(before), choicesOf(after)]
  const isPinned = (pin: string | null) => pin !== before.tlsFingerprint && pin !== null && !shown.includes(pin)
  const isVerified = ({ tlsVerify, tlsFingerprint }: ServerLogin) => tlsVerify || tlsFingerprint !== null
  const weaker: readonly (readonly [field: string, is: boolean])[] = [
    ['tls', after.tls === 'none'],
    ['tlsVerify', isVerified(before) && !isVerified(after)],
    ['tlsFingerprint', isPinned(after.tlsFingerprint)],
    ['tlsMinVersion', tlsVersions.indexOf(is.tlsMinVersion) < tlsVersions.indexOf(was.tlsMinVersion)],
    ['tlsLegacy', is.tlsLegacy && !was.tlsLegacy],
  ]
  return weaker.filter(([, is]) => is).map(([field]) => field)
}
