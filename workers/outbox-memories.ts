/** What logins at SMTP servers have taught, for as long as the process runs: of a server, or of one account where anybody may speak on the line. */
import { createHash } from 'node:crypto'
import type { ServerLogin } from '../src/account/account.ts'
import { hostPort, type LoginTrait } from '../src/account/server-traits.ts'
import { isTrustedLine } from '../src/sasl/choice.ts'
import { smtpLimits } from '../src/smtp/limits.ts'

export class SmtpMemories {
  readonly #memories = new Map<string, Set<LoginTrait>>()

  of(login: ServerLogin, password: string): Set<LoginTrait> {
    const { user, auth, sasl } = login
    const own = JSON.stringify([hostPort(login), user, auth, sasl, password])
    const name = isTrustedLine(login) ? hostPort(login) : createHash('sha256').update(own).digest('base64')
    const memory = this.#memories.get(name) ?? new Set()
    this.#memories.delete(name)
    this.#memories.set(name, memory)
    const [oldest] = this.#memories.keys()
    if (this.#memories.size > smtpLimits.loginMemoriesKept && oldest !== undefined) this.#memories.delete(oldest)
    return memory
  }
}
