/**
 * Logs in at a store by SASL (RFC 9051 section 6.2.2), where it offers something that proves the password without telling it, where one
 * mechanism was chosen, and with a token. In all other cases imapflow's own login does.
 */
import type { ImapFlow } from 'imapflow'
import type { ServerLogin } from '../account/account.ts'
import type { SaslName } from '../account/login.ts'
import type { LoginTrait } from '../account/server-traits.ts'
import { meaningOf, passes } from '../failure/meaning.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { SaslBroken } from '../sasl/broken.ts'
import { isOfMechanism, isTrustedLine, type LoginMemory, provers, waysOf } from '../sasl/choice.ts'
import type { Exchange, Mechanism, SaslCredentials } from '../sasl/exchange.ts'
import { saslLimits } from '../sasl/limits.ts'
import { exchangeOf } from '../sasl/mechanism.ts'
import { codeOf, isRefusal, wordsOf } from './command.ts'
import { exchangeWith } from './insides.ts'
import { imapLimits } from './limits.ts'

export type SaslLogin = Pick<ServerLogin, 'host' | 'port' | 'tls' | 'user' | 'auth' | 'sasl'> &
  Partial<Pick<ServerLogin, 'tlsVerify' | 'tlsFingerprint'>> & { readonly password: string }

/** What logins have taught, for as long as the process runs: of a server, or of one login where anybody may speak on the line. */
export class LoginMemories {
  readonly #memories = new Map<string, Set<LoginTrait>>()

  of(login: SaslLogin): LoginMemory {
    const own = isTrusted(login) ? '' : ` ${login.user}`
    const name = `${login.host}:${login.port}${own}`
    const before = this.#memories.get(name) ?? new Set()
    this.#memories.delete(name)
    this.#memories.set(name, before)
    const [oldest] = this.#memories.keys()
    if (this.#memories.size > imapLimits.loginMemoriesKept && oldest !== undefined) this.#memories.delete(oldest)
    return before
  }
}

function isTrusted({ host, tls, tlsVerify = true, tlsFingerprint = null }: SaslLogin): boolean {
  return isTrustedLine({ host, tls, tlsVerify, tlsFingerprint })
}

/** @returns false: imapflow's own login is to do it. */
export async function logInBySasl(client: ImapFlow, login: SaslLogin, memory: LoginMemory): Promise<boolean> {
  const { auth = 'password', sasl = null, user, password, host, port } = login
  const announced = [...client.capabilities.keys()].flatMap((name) => /^AUTH=(.*)$/.exec(name)?.[1] ?? [])
  const offer = { mechanisms: announced, hasTimestamp: false, isUserQuick: false }
  const ways = waysOf(offer, { auth, sasl, isTrusted: isTrusted(login), traits: memory })
  if (ways.length === 0) throw weaker(login, memory)
  const chosen = sasl !== null || auth === 'oauth2' ? ways : ways.filter((way) => provers.includes(way))
  const failed: SaslName[] = []
  for (const [nth, way] of chosen.entries()) {
    // LOGIN is a command, too, and the one that is meant where the mechanism is not announced.
    if (way === 'LOGIN' && !announced.includes(way)) return false
    const exchange = exchangeOf(way as Mechanism)
    const isLast = nth === chosen.length - 1 && (sasl !== null || auth === 'oauth2')
    try {
      await exchanged(client, exchange, { user, password, host, port })
      for (const other of failed) memory.add(`no ${other}` as LoginTrait)
      if (provers.includes(way)) memory.add(`${way} works` as LoginTrait)
      return true
    } catch (error) {
      if (error instanceof SaslBroken) {
        if (error.isImpostor || isLast) throw broken(login, way, error)
      } else {
        if (!isRefusal(error)) throw error
        const words = `${wordsOf(error)} [${codeOf(error)}]`
        const meaning = meaningOf(words)
        const isMechanism =
          error['responseStatus'] === 'BAD' ||
          (codeOf(error) !== 'AUTHENTICATIONFAILED' && isOfMechanism(wordsOf(error)))
        Object.assign(error, { authenticationFailed: true, serverResponseCode: codeOf(error) || undefined })
        if (isLast || (meaning !== undefined && passes(meaning))) throw error
        // Where passwords are kept as hashes, such mechanisms are announced and let nobody in: one more way is tried.
        if (!isMechanism && memory.has(`${way} works` as LoginTrait)) throw error
        if (!isMechanism) {
          for (const other of chosen) if (provers.includes(other)) memory.add(`no ${other}` as LoginTrait)
          return false
        }
      }
      failed.push(way)
    }
  }
  for (const other of failed) memory.add(`no ${other}` as LoginTrait)
  return false
}

/** @throws SaslBroken, or the refusal of the server. */
async function exchanged(client: ImapFlow, exchange: Exchange, credentials: SaslCredentials): Promise<void> {
  const first = exchange.start(credentials)
  // RFC 4959: an initial response only where it is announced.
  const isInline = first !== null && client.capabilities.has('SASL-IR')
  let held = isInline ? null : first
  let fault: SaslBroken | undefined
  let asked = 0
  const answer = (text: string): string => {
    asked += 1
    try {
      if (fault !== undefined || asked > saslLimits.challengesMax) throw new SaslBroken('an exchange without an end')
      const response = held ?? exchange.next(challengeIn(text, exchange))
      held = null
      return response.toString('base64')
    } catch (error) {
      if (!(error instanceof SaslBroken)) throw error
      fault ??= error
      return '*'
    }
  }
  const initial = isInline ? first.toString('base64') || '=' : undefined
  try {
    await exchangeWith(client, exchange.name, initial, answer)
  } catch (error) {
    throw fault ?? error
  }
  if (fault !== undefined || !exchange.isDone)
    throw fault ?? new SaslBroken(`success of ${exchange.name} before its end`, exchange.name.startsWith('SCRAM'))
}

function challengeIn(text: string, { name, readsChallenges }: Exchange): Buffer {
  if (text.length > saslLimits.challengeOctetsMax) throw new SaslBroken(`a challenge of ${text.length} octets`)
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return Buffer.from(text, 'base64')
  if (!readsChallenges) return Buffer.alloc(0)
  throw new SaslBroken(`a challenge of ${name} that is no base64`)
}

function broken({ host, port, user }: SaslLogin, way: SaslName, error: SaslBroken): SessionFailed {
  const reply = `${way} went wrong: ${error.message} (login ${user})`
  const server = `${host}:${port}`
  return new SessionFailed({ kind: 'store refused', during: 'login', server, reply, everyAccount: true }, error)
}

function weaker({ host, port, user }: SaslLogin, memory: LoginMemory): SessionFailed {
  const before = provers.find((name) => memory.has(`${name} works` as LoginTrait)) ?? 'a stronger way'
  const reply = `it no longer offers ${before}, by which it let us in before, and on a line that nobody checks no password is told (login ${user})`
  return new SessionFailed({
    kind: 'store refused',
    during: 'login',
    server: `${host}:${port}`,
    reply,
    everyAccount: true,
  })
}
