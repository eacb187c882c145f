/** Whoever gives a login another password proves to know the one that it has: a browser that was left open, or an owner's token, is not enough. */
import type { Logger } from '../src/log.ts'
import type { Guesses } from '../src/redis/guesses.ts'
import { demandTurn } from './http/guess-turn.ts'
import { isPassword } from './http/passwords.ts'
import { badRequest } from './http/problems.ts'
import { addressBlockOf } from './http/protection.ts'

export interface GuessesWorld {
  readonly guesses: Guesses
  readonly log: Logger
}

interface Shown {
  readonly login: string
  /** The hash of the password that it has. */
  readonly hash: string | null
  readonly presentPassword: string | undefined
  /** The address of whoever asks. */
  readonly ip: string
}

/** @throws Problem unless the password is right, or may not be tried now: wrong ones count as guesses at the login. */
export async function demandPresentPassword({ guesses, log }: GuessesWorld, shown: Shown): Promise<void> {
  const { login, hash, presentPassword, ip } = shown
  const wrong = (detail: string, rule: 'required' | 'wrong') =>
    badRequest([{ pointer: '/presentPassword', detail, rule }])
  if (presentPassword === undefined)
    throw wrong(`is required: send the password that ${login} has now as well`, 'required')
  const attempt = { login, from: addressBlockOf(ip) }
  demandTurn(await guesses.attempt(attempt))
  if (!(await isPassword(hash ?? undefined, presentPassword))) {
    log.warn({ event: 'login refused', address: ip }, `A change of a password from ${ip} was refused`)
    throw wrong(`is not the password that ${login} has now`, 'wrong')
  }
  await guesses.succeeded(attempt)
}
