/**
 * One login: the way that is tried now, and what its end means for the others. A refusal of the mechanism goes on to the next one; a refused
 * password is tried once more only where the mechanism may be the reason, or the letters: servers count. It may outlive its connection.
 */
import type { SaslName } from '../account/login.ts'
import type { LoginTrait } from '../account/server-traits.ts'
import { type LoginMemory, provers } from './choice.ts'
import { saslLimits } from './limits.ts'

export type PasswordEncoding = 'utf8' | 'latin1'

/** What a server has said in place of letting us in. */
export interface Refusal {
  readonly isOfMechanism: boolean
  /** The mechanism will be refused tomorrow, too. */
  readonly isLasting: boolean
  /** It passes by itself: 'throttled' because we come too often. */
  readonly passes: 'throttled' | 'temporary' | undefined
  /** No other way helps. */
  readonly isSettled: boolean
}

export class LoginAttempts {
  readonly #memory: LoginMemory
  readonly #letters: 'ASCII' | 'Latin-1' | 'others'
  #left: readonly SaslName[]
  #way: SaslName
  #encoding: PasswordEncoding
  /** The ways that did not do, and may be passed over from now on. */
  readonly #failed: SaslName[] = []
  #refusals = 0
  #tried = 1

  /** @param ways in the order in which they are tried; there is one at least. */
  constructor([first, ...others]: readonly [SaslName, ...SaslName[]], password: string, memory: LoginMemory) {
    this.#memory = memory
    this.#letters = lettersOf(password)
    this.#encoding = this.#letters === 'Latin-1' && memory.has('Latin-1 passwords') ? 'latin1' : 'utf8'
    this.#way = first
    this.#left = others
  }

  get way(): SaslName {
    return this.#way
  }

  get encoding(): PasswordEncoding {
    return this.#encoding
  }

  /** Another way was tried before it: the server may hang up for that. */
  get isLater(): boolean {
    return this.#tried > 1
  }

  /** The server may hang up because of the mechanism. */
  get mayHangUp(): boolean {
    return this.#isUnproven && this.#left.length > 0
  }

  get #isUnproven(): boolean {
    return provers.includes(this.#way) && !this.#memory.has(`${this.#way} works` as LoginTrait)
  }

  /** The server has let us in: what has failed before is known now not to have been the password. */
  succeed(): void {
    for (const other of this.#failed)
      if (other !== 'USER' && !this.#memory.has(`${other} works` as LoginTrait))
        this.#memory.add(`no ${other}` as LoginTrait)
    if (provers.includes(this.#way)) this.#memory.add(`${this.#way} works` as LoginTrait)
    if (this.#encoding === 'latin1') this.#memory.add('Latin-1 passwords')
  }

  /** The server does not do as the mechanism says. @returns whether there is another way. */
  goesOnBroken(): boolean {
    if (!this.#mayGoOn) return false
    this.#failed.push(this.#way)
    this.#next(this.#left)
    return true
  }

  /** @returns 'next' where there is another way; else what the refusal is about. */
  goesOnRefused({ isOfMechanism, isLasting, passes, isSettled }: Refusal): 'next' | 'mechanism' | 'login' {
    const isMechanism = isOfMechanism && this.#way !== 'USER'
    if (passes === 'throttled') return 'login'
    if (isMechanism && this.#mayGoOn) {
      if (isLasting) this.#failed.push(this.#way)
      this.#next(this.#left)
      return 'next'
    }
    if (isMechanism) return 'mechanism'
    if (isSettled || (passes !== undefined && isLasting)) return 'login'
    this.#refusals += 1
    return this.#goesOnWithPassword(isLasting) ? 'next' : 'login'
  }

  #goesOnWithPassword(isLasting: boolean): boolean {
    const others = this.#left.filter((other) => !provers.includes(other))
    if (this.#isUnproven && this.#refusals < saslLimits.refusalsMax && others.length > 0) {
      // Where passwords are kept as hashes, such mechanisms are announced and let nobody in.
      if (isLasting) this.#failed.push(this.#way, ...this.#left.filter((other) => provers.includes(other)))
      this.#next(others)
      return true
    }
    // SCRAM has its own letters (RFC 5802 section 2.2).
    const mayBeLetters =
      isLasting && this.#letters === 'Latin-1' && this.#encoding === 'utf8' && !this.#way.startsWith('SCRAM')
    if (!mayBeLetters || this.#refusals > saslLimits.refusalsMax) return false
    this.#encoding = 'latin1'
    this.#next([this.#way])
    return true
  }

  get #mayGoOn(): boolean {
    return this.#left.length > 0 && this.#tried < saslLimits.waysMax
  }

  #next([way, ...left]: readonly SaslName[]): void {
    if (way === undefined) throw new Error('there is no other way')
    this.#way = way
    this.#left = left
    this.#tried += 1
  }
}

/** The letters of a password beyond ASCII. */
function lettersOf(password: string): 'ASCII' | 'Latin-1' | 'others' {
  if (/^[\x00-\x7f]*$/.test(password)) return 'ASCII'
  return /^[\x00-\xff]*$/.test(password) ? 'Latin-1' : 'others'
}
