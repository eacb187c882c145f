/**
 * Takes tokens back at the servers that gave them (RFC 7009), once nothing here has any use for them. Nobody waits for it, and nothing is
 * kept for it: a token whose server does not answer, or whose process ends meanwhile, lives there until its own end.
 */
import type { Redis } from 'ioredis'
import { applicationKinOf } from '../oauth/application.ts'
import type { AuthorizationServers } from '../oauth/authorization-servers.ts'
import { type IssuedTokens, revoke } from '../oauth/flows.ts'
import { type Consent, consentOf, type Grant } from '../oauth/grant.ts'
import { oauthLimits } from '../oauth/limits.ts'
import type { Seal } from '../seal.ts'
import { OAuthApplications, openApplication } from './oauth-applications.ts'
import { OAuthGrants } from './oauth-grants.ts'

export interface TokenRevocationsWorld {
  readonly redis: Redis
  readonly seal: Seal
  readonly servers: AuthorizationServers
}

interface Needless {
  readonly token: string
  readonly consent: Consent
}

export class TokenRevocations {
  readonly #world: TokenRevocationsWorld
  readonly #applications: OAuthApplications
  readonly #grants: OAuthGrants
  readonly #waiting: Needless[] = []
  #atWork = 0

  constructor(world: TokenRevocationsWorld) {
    this.#world = world
    this.#applications = new OAuthApplications(world.redis)
    this.#grants = new OAuthGrants(world.redis)
  }

  /** @param grant that was forgotten; undefined: there was none. */
  ofGrant(id: string, grant: Grant | undefined): void {
    if (grant === undefined) return
    const { sealedRefreshToken, sealedAccessToken } = grant
    try {
      if (sealedRefreshToken !== undefined)
        this.#add(this.#world.seal.open(sealedRefreshToken, id, 'refreshToken'), consentOf(grant))
      else if (sealedAccessToken !== undefined)
        this.#add(this.#world.seal.open(sealedAccessToken, id, 'accessToken'), consentOf(grant))
    } catch {
      // No key at hand opens it.
    }
  }

  /** Those that came, and are not taken. */
  ofTokens({ refreshToken, accessToken }: IssuedTokens, consent: Consent): void {
    this.#add(refreshToken ?? accessToken, consent)
  }

  #add(token: string, consent: Consent): void {
    if (this.#waiting.length < oauthLimits.revocationsMax) this.#waiting.push({ token, consent })
    if (this.#atWork < oauthLimits.revokedAtOnce) void this.#work()
  }

  async #work(): Promise<void> {
    this.#atWork += 1
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
      await this.#revoke(next).catch(() => {})
    this.#atWork -= 1
  }

  /** Some servers end all that somebody has consented to for an application, whatever token they are shown (Google, Keycloak). */
  async #revoke({ token, consent }: Needless): Promise<void> {
    const { seal, servers } = this.#world
    const all = await this.#applications.all()
    const record = all.find(({ application: { id } }) => id === consent.applicationId)
    if (record === undefined) return
    const kin = applicationKinOf(
      record.application,
      all.map(({ application }) => application),
    )
    if (await this.#grants.isShared(kin.map(({ id }) => ({ ...consent, applicationId: id })))) return
    await revoke(await servers.of(openApplication(record, seal)), token)
  }
}
