/** What logins at stores have taught: of a server, or of one login alone where anybody may speak on the line. */
import { createHash } from 'node:crypto'
import type { ServerLogin } from '../account/account.ts'
import type { LoginTrait } from '../account/server-traits.ts'
import { isTrustedLine } from '../sasl/choice.ts'
import { imapLimits } from './limits.ts'

/** A login, as far as what is learnt of it depends on it. */
export type RememberedLogin = Pick<ServerLogin, 'host' | 'port' | 'tls' | 'user' | 'auth' | 'sasl'> &
  Partial<Pick<ServerLogin, 'tlsVerify' | 'tlsFingerprint'>> & {
    readonly password: string
    /** What was learnt of it before this process was there. */
    readonly loginTraits?: readonly LoginTrait[] | undefined
    /** Is another one whenever the password was set. */
    readonly loginVersion?: string | undefined
  }

export function isOnTrustedLine({ host, tls, tlsVerify = true, tlsFingerprint = null }: RememberedLogin): boolean {
  return isTrustedLine({ host, tls, tlsVerify, tlsFingerprint })
}

/** For as long as the process runs. */
export class LoginMemories {
  readonly #memories = new Map<string, Set<LoginTrait>>()

  of(login: RememberedLogin): Set<LoginTrait> {
    const name = nameOf(login)
    const memory = this.#memories.get(name) ?? new Set()
    for (const trait of login.loginTraits ?? []) memory.add(trait)
    this.#memories.delete(name)
    this.#memories.set(name, memory)
    const [oldest] = this.#memories.keys()
    if (this.#memories.size > imapLimits.loginMemoriesKept && oldest !== undefined) this.#memories.delete(oldest)
    return memory
  }
}

function nameOf(login: RememberedLogin): string {
  const { host, port, tls, user, auth = 'password', sasl = null, password, loginVersion } = login
  if (isOnTrustedLine(login)) return `${host}:${port}`
  return createHash('sha256')
    .update(JSON.stringify([host, port, tls, user, auth, sasl, password, loginVersion]))
    .digest('base64')
}
