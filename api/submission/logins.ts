/**
 * Who a client is that logs in. The user is the login of a hosted mailbox, or the user of an external one; the password is the one that the
 * mailbox has, or a token that is bound to it. Wrong passwords are counted with those at the mail ports and the dashboard (decision 72).
 */
import { assertNever } from '../../src/assert-never.ts'
import type { Logger } from '../../src/log.ts'
import type { DestinationId } from '../../src/mail/message.ts'
import type { DestinationRecord, Destinations } from '../../src/redis/destinations.ts'
import type { Guesses } from '../../src/redis/guesses.ts'
import { digestOf, sameDigest, scopes, type TokenRecord, type Tokens } from '../../src/redis/tokens.ts'
import type { Seal } from '../../src/seal.ts'
import { isPassword } from '../http/passwords.ts'
import { addressBlockOf } from '../http/protection.ts'
import type { ExternalUsers } from './external-users.ts'
import { SubmissionReply } from './reply.ts'

export interface LoginsWorld {
  readonly destinations: Destinations
  readonly tokens: Tokens
  readonly guesses: Guesses
  readonly seal: Seal
  readonly users: ExternalUsers
  readonly log: Logger
}

/** A client that has logged in. */
export interface Submitter {
  readonly destinationId: DestinationId
  /** As it stands in the record of its mailbox. */
  readonly login: string
  /** What it has shown, and the digest of what it was compared with: the login ends when that changes. */
  readonly proof: { readonly kind: 'password' | 'token'; readonly id: string; readonly against: string }
}

export interface ShownLogin {
  readonly user: string
  readonly password: string
  readonly ip: string
}

export class SubmissionLogins {
  readonly #world: LoginsWorld

  constructor(world: LoginsWorld) {
    this.#world = world
  }

  /** @throws SubmissionReply */
  async check({ user, password, ip }: ShownLogin): Promise<Submitter> {
    const { guesses, log } = this.#world
    const login = user.toLowerCase()
    // A token cannot be guessed.
    const byToken = await this.#byToken(login, password)
    if (byToken !== undefined) return byToken
    const attempt = { login, from: addressBlockOf(ip) }
    const waitMs = await guesses.attempt(attempt)
    if (waitMs > 0)
      throw new SubmissionReply(
        454,
        '4.7.0',
        `Too many attempts have failed; try again in ${Math.ceil(waitMs / 1000)} s`,
      )
    const submitter = await this.#byPassword(login, password)
    if (submitter === undefined) {
      log.warn({ event: 'login refused', address: ip }, `A login for sending from ${ip} was refused`)
      throw new SubmissionReply(535, '5.7.8', 'This login or its password is not right')
    }
    await guesses.succeeded(attempt)
    return submitter
  }

  /** Whether it would still be let in: its mailbox may be gone, or have another password. */
  async stillHolds({ destinationId, proof }: Submitter): Promise<boolean> {
    const { destinations, tokens } = this.#world
    const record = await destinations.get(destinationId)
    switch (proof.kind) {
      case 'token': {
        const token = await tokens.get(proof.id)
        return record !== undefined && token !== undefined && !hasExpired(token)
      }
      case 'password':
        return record !== undefined && sameDigest(secretDigest(record), proof.against)
      default:
        return assertNever(proof.kind)
    }
  }

  async #byToken(login: string, text: string): Promise<Submitter | undefined> {
    const { tokens, destinations } = this.#world
    const token = await tokens.holding(text.trim())
    if (token === undefined || token.destinationId === null || hasExpired(token)) return undefined
    if (!token.scopes.some((scope) => scopes.indexOf(scope) >= scopes.indexOf('operate'))) return undefined
    const record = await destinations.get(token.destinationId)
    if (record === undefined || userOf(record).toLowerCase() !== login) return undefined
    await tokens.used(token.id, Date.now())
    return submitterOf(record, { kind: 'token', id: token.id, against: token.digest })
  }

  async #byPassword(login: string, password: string): Promise<Submitter | undefined> {
    const { destinations, users } = this.#world
    const hosted = await destinations.idOfLogin(login)
    const record = hosted === undefined ? undefined : await destinations.get(hosted)
    // It takes as long where there is no such login.
    if ((await isPassword(record?.passwordHash ?? undefined, password)) && record !== undefined) return proven(record)
    for (const id of await users.idsOf(login)) {
      const external = await destinations.get(id)
      if (external !== undefined && this.#opens(external, login, password)) return proven(external)
    }
    return undefined
  }

  #opens({ destination, sealedPassword }: DestinationRecord, login: string, password: string): boolean {
    if (destination.kind !== 'imap' || sealedPassword === null || destination.user.toLowerCase() !== login) return false
    return sameDigest(digestOf(this.#world.seal.open(sealedPassword, destination.id, 'password')), digestOf(password))
  }
}

function proven(record: DestinationRecord): Submitter {
  return submitterOf(record, { kind: 'password', id: record.destination.id, against: secretDigest(record) })
}

function submitterOf(record: DestinationRecord, proof: Submitter['proof']): Submitter {
  return { destinationId: record.destination.id, login: userOf(record), proof }
}

function userOf({ destination }: DestinationRecord): string {
  return destination.kind === 'hosted' ? destination.login : destination.user
}

function secretDigest({ passwordHash, sealedPassword }: DestinationRecord): string {
  return digestOf(passwordHash ?? sealedPassword ?? '')
}

function hasExpired({ expiresAtMs }: TokenRecord): boolean {
  return expiresAtMs !== null && expiresAtMs <= Date.now()
}
