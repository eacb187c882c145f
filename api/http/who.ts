/** Finds out who a caller is by the token, the login or the admin's password that the caller has shown. */
import { assertNever } from '../../src/assert-never.ts'
import type { DestinationId } from '../../src/mail/message.ts'
import type { Destinations } from '../../src/redis/destinations.ts'
import type { Proof, SessionRecord, Sessions } from '../../src/redis/sessions.ts'
import { digestOf, sameDigest, type Scope, scopes, type TokenRecord, type Tokens } from '../../src/redis/tokens.ts'

/** The caller. */
export interface Principal {
  /** The id for the audit log: the token's own, or one that stands for the login or the admin. */
  readonly id: string
  readonly name: string
  readonly scope: Scope
  /** The destination of an owner, who sees and touches only this destination and its accounts (owners.ts); undefined for everybody else. */
  readonly destinationId: DestinationId | undefined
}

/** @throws if the route is not behind `authentication`, which is a mistake in the program. */
export function principalOf({ principal }: { readonly principal: Principal | undefined }): Principal {
  if (principal === undefined) throw new Error('This route asks who the caller is, and is registered in the open scope')
  return principal
}

/** A caller, and the hash of the secret that the caller has proved to know. */
export interface Holder {
  readonly principal: Principal
  readonly hash: string
}

export interface WhoWorld {
  /** The first token, which the file admin-token holds. */
  readonly adminToken: string
  readonly tokens: Tokens
  readonly sessions: Sessions
  readonly destinations: Destinations
}

export class Who {
  readonly #world: WhoWorld
  readonly #firstToken: Holder

  constructor(world: WhoWorld) {
    this.#world = world
    const principal = { id: 'admin-token', name: 'admin-token', scope: 'admin', destinationId: undefined } as const
    this.#firstToken = { principal, hash: digestOf(world.adminToken) }
  }

  /** Finds the holder of a token; for an expired token it gives the record. */
  async holding(text: string): Promise<Holder | 'unknown' | { readonly expired: TokenRecord }> {
    if (sameDigest(digestOf(text), this.#firstToken.hash)) return this.#firstToken
    const record = await this.#world.tokens.holding(text)
    if (record === undefined) return 'unknown'
    return hasExpired(record) ? { expired: record } : await this.#used(record)
  }

  /** Finds the caller for whom a proof stands now; undefined if the token or the login is gone. */
  async by(proof: Proof): Promise<Holder | undefined> {
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

  /** Finds whose session this is. Undefined: it has ended, because its token was revoked or its password was changed. */
  async signedIn(session: SessionRecord): Promise<Principal | undefined> {
    const holder = await this.by(session.proof)
    return holder !== undefined && sameDigest(digestOf(holder.hash), session.against) ? holder.principal : undefined
  }

  async #used({ id, name, scopes: granted, destinationId, digest }: TokenRecord): Promise<Holder> {
    await this.#world.tokens.used(id, Date.now())
    const scope = scopes.findLast((scope) => granted.includes(scope)) ?? 'read'
    return { principal: { id, name, scope, destinationId: destinationId ?? undefined }, hash: digest }
  }
}

function hasExpired({ expiresAtMs }: TokenRecord): boolean {
  return expiresAtMs !== null && expiresAtMs <= Date.now()
}
