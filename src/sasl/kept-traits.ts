/** What was learnt of a login alone, since anybody may speak on its line: who uses it, and what stays of it when the login is changed. Pure. */
import type { ServerLogin } from '../account/account.ts'
import { isSameHost } from '../account/host.ts'
import type { LoginTrait } from '../account/server-traits.ts'
import { isTrustedLine, proofsUpTo } from './choice.ts'

interface Learnt {
  readonly loginTraits?: readonly LoginTrait[]
}

/** What a session is told of it; nothing on a trusted line, of whose server all accounts learn together. */
export function ownTraits(
  login: ServerLogin,
  { loginTraits = [] }: Learnt,
): { readonly loginTraits?: Set<LoginTrait> } {
  return isTrustedLine(login) ? {} : { loginTraits: new Set(loginTraits) }
}

/**
 * What let it in before stays the least that it takes: whoever answers with less may be somebody in between, and a person who types the password
 * again has not seen that. Only another server, or a weaker mechanism that somebody chooses, ends it.
 *
 * @param isAnew something may have been mended: what did not do is tried again.
 */
export function keptTraits(
  { loginTraits = [] }: Learnt,
  before: ServerLogin,
  after: ServerLogin,
  isAnew: boolean,
): Learnt {
  if (!isSameHost(before.host, after.host) || before.port !== after.port) return {}
  const { sasl = null } = after
  const isChosen = sasl !== null && sasl !== (before.sasl ?? null)
  const ended: readonly LoginTrait[] = isChosen ? proofsUpTo(sasl) : []
  const kept = loginTraits.filter((trait) => (trait.endsWith(' works') ? !ended.includes(trait) : !isAnew))
  return kept.length === 0 ? {} : { loginTraits: kept }
}
