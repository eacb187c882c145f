/**
 * The changes of a login that need its password in the same call. Whoever may change accounts, and does not know their passwords, could
 * otherwise have one sent to a server of theirs, or in a form that they can read.
 */
import type { ServerLogin } from '../src/account/account.ts'
import { isSameHost } from '../src/account/host.ts'
import { choicesOf, tlsVersions } from '../src/account/login.ts'
import type { Mistake } from '../src/account/mistake.ts'

/** @param shown the fingerprints that a test or a run has met there: whoever pins one of them goes on as before. */
export function passwordNeeded(before: ServerLogin, after: ServerLogin, shown: readonly string[] = []): Mistake[] {
  const [was, is] = [choicesOf(before), choicesOf(after)]
  // No password is sent by a login that has none.
  if (is.auth !== 'password') return []
  const isPinned = (pin: string | null) => pin !== before.tlsFingerprint && pin !== null && !shown.includes(pin)
  const isVerified = ({ tlsVerify, tlsFingerprint }: ServerLogin) => tlsVerify || tlsFingerprint !== null
  const hadTls = before.tls !== 'none'
  const changed: readonly (readonly [field: string, needs: boolean])[] = [
    ['host', !isSameHost(before.host, after.host)],
    ['port', before.port !== after.port],
    ['user', before.user !== after.user],
    ['auth', was.auth !== is.auth],
    ['sasl', was.sasl !== is.sasl],
    ['proxy', was.proxy !== is.proxy],
    ['tls', hadTls && after.tls === 'none'],
    ['tlsVerify', hadTls && isVerified(before) && !isVerified(after)],
    ['tlsFingerprint', hadTls && isPinned(after.tlsFingerprint)],
    ['tlsMinVersion', hadTls && tlsVersions.indexOf(is.tlsMinVersion) < tlsVersions.indexOf(was.tlsMinVersion)],
    ['tlsLegacy', hadTls && is.tlsLegacy && !was.tlsLegacy],
  ]
  const detail = 'cannot be changed so without the password: send `password` in the same call'
  return changed.filter(([, needs]) => needs).map(([field]) => ({ pointer: `/${field}`, detail }))
}
