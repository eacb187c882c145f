/** Who somebody is, by what they have shown: a token, a login, the password of the admin. */
import { assertNever } from '../../src/assert-never.ts'
import type { DestinationId } from '../../src/mail/message.ts'
import type { Destinations } from '../../src/redis/destinations.ts'
import type { Proof, SessionRecord, Sessions } from '../../src/redis/sessions.ts'
import { digestOf, sameDigest, type Scope, scopes, type TokenRecord, type Tokens } from '../../src/redis/tokens.ts'

/** Who asks. */
export interface Principal {
  /** For the audit log: the token's id, or what stands for it. */
  readonly id: string
  readonly name: string
  readonly scope: Scope
  /** An owner: sees and touches this destination and its accounts alone (owners.ts). */
  readonly destinationId: DestinationId | undefined
}

/** Somebody, and the hash that stands for what they know. */
export interface Known {
  readonly principal: Principal
  readonly hash: string
}

export interface WhoWorld {
  /** The first token, of the file admin-token. */
  readonly adminToken: string
  readonly tokens: Tokens
  readonly sessions: Sessions
  readonly destinations: Destinations
}

export class Who {
  readonly #world: WhoWorld
  readonly #firstToken: Known

  constructor(world: WhoWorld) {
    this.#world = world
    const principal = { id: 'admin-token', name: 'admin-token', scope: 'admin', destinationId: undefined } as const
    this.#firstToken = { principal, hash: digestOf(world.adminToken) }
  }

  /** The holder of a token; what has expired says so. */
  async holding(text: string): Promise<Known | 'unknown' | { readonly expired: TokenRecord }> {
    if (sameDigest(digestOf(text), this.#firstToken.hash)) return this.#firstToken
    const record = await this.#world.tokens.holding(text)
    if (record === undefined) return 'unknown'
    return hasExpired(record) ? { expired: record } : await this.#used(record)
  }

  /** Of whom this is the proof, as things stand now. */
  async by(proof: Proof): Promise<Known | undefined> {
    const { tokens, sessions, destinations } = this.#world
    switch (proof.kind) {
      case 'token': {
        if (proof.id === this.#firstToken.principal.id) return this.#firstToken
        const record = await tokens.get(proof.id)
        return record === undefined || hasExpired(record) ? undefined : await this.#used(record)
      }
      case 'login': {
        const record = await destinations.get(proof.destinationId)
        if (record?.destination.kind !== 'hosted' || record.passwordHash === null) return undefined
        const { id, login } = record.destination
        const principal = { id: `login-${id}`, name: login, scope: 'admin', destinationId: id } as const
        return { principal, hash: record.passwordHash }
      }
      case 'password': {
        const hash = await sessions.adminPassword()
        if (hash === null) return undefined
        return { principal: { id: 'admin', name: 'admin', scope: 'admin', destinationId: undefined }, hash }
      }
      default:
        return assertNever(proof)
    }
  }

  /** Undefined: it has ended, or what it rests on is no more: a token that was revoked, a password that was changed. */
  async signedIn(session: SessionRecord): Promise<Principal | undefined> {
    const known = await this.by(session.proof)
    return known !== undefined && sameDigest(digestOf(known.hash), session.against) ? known.principal : undefined
  }

  async #used({ id, name, scopes: has, destinationId, digest }: TokenRecord): Promise<Known> {
    await this.#world.tokens.used(id, Date.now())
    const scope = scopes.findLast((one) => has.includes(one)) ?? 'read'
    return { principal: { id, name, scope, destinationId: destinationId ?? undefined }, hash: digest }
  }
}

function hasExpired({ expiresAtMs }: TokenRecord): boolean {
  return expiresAtMs !== null && expiresAtMs <= Date.now()
}
