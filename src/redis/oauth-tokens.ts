/**
 * Gives access tokens to log in with, and keeps them fresh. A refresh token may be good for one use alone: so one process at a time refreshes,
 * the new one is written down before the access token is used, and only in place of the grant that it came from. Whoever was signed out or
 * signed in anew meanwhile stays so.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { SessionFailed } from '../failure/session-failed.ts'
import type { ServerLogin } from '../account/account.ts'
import { isUnattended, type OpenApplication, tokenMistakes } from '../oauth/application.ts'
import { type AuthorizationServer, type AuthorizationServers, serverNameOf } from '../oauth/authorization-servers.ts'
import { applicationToken, type IssuedTokens, type MailProtocol, refresh } from '../oauth/flows.ts'
import { consentOf, type Grant, isFresh, isGrantFor, isJustForced, isUsable, mayEndMs } from '../oauth/grant.ts'
import { oauthLimits } from '../oauth/limits.ts'
import { isPassing, OAuthFailed } from '../oauth/oauth-failed.ts'
import type { Seal } from '../seal.ts'
import { keys } from './key-names.ts'
import { OAuthApplications, openApplication } from './oauth-applications.ts'
import { type NewGrant, OAuthGrants } from './oauth-grants.ts'
import { script } from './scripts.ts'
import { TokenRevocations } from './token-revocations.ts'

const takeRefresh = script<'done' | 'held' | 'full'>('take-refresh', 2)
const leaveRefresh = script<1>('leave-refresh', 2)

/** What is to log in. */
export interface TokenHolder {
  readonly kind: 'account' | 'destination'
  readonly id: string
  readonly login: ServerLogin
  /** An owner has chosen its host. */
  readonly guarded: boolean
  /** Where the token goes, if not to that login's own server: the SMTP server of an account. */
  readonly to?: ServerLogin | undefined
}

/** What it logs in by. */
export function protocolOf({ kind }: Pick<TokenHolder, 'kind'>): MailProtocol {
  return kind === 'account' ? 'pop3' : 'imap'
}

export interface TokenWanted {
  /** How long it will be needed: for a run that may be long. */
  readonly neededMs?: number | undefined
  /** The token that the mail server has refused: another one is asked for, once. */
  readonly refused?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** A token to log in with. */
export interface AccessToken {
  readonly text: string
  /** When it may have ended, by the clock of this world. */
  readonly untilMs: number
}

export interface AccessTokensWorld {
  readonly redis: Redis
  readonly seal: Seal
  readonly servers: AuthorizationServers
  /** Where browsers reach this instance: for sentences. */
  readonly publicUrl: string
  readonly nowMs: () => number
}

export class AccessTokens {
  readonly #world: AccessTokensWorld
  readonly #applications: OAuthApplications
  readonly #grants: OAuthGrants
  readonly #revocations: TokenRevocations

  constructor(world: AccessTokensWorld) {
    this.#world = world
    this.#revocations = new TokenRevocations(world)
    this.#applications = new OAuthApplications(world.redis)
    this.#grants = new OAuthGrants(world.redis)
  }

  /** @throws SessionFailed: `sign-in needed`, `token service unreachable`, or `internal` with a remedy. */
  async of(holder: TokenHolder, wanted: TokenWanted = {}): Promise<string> {
    return (await this.get(holder, wanted)).text
  }

  /** @throws as `of` does. */
  async get(holder: TokenHolder, { neededMs, refused, signal }: TokenWanted = {}): Promise<AccessToken> {
    const { nowMs } = this.#world
    const open = await this.#demandApplication(holder)
    const endMs = performance.now() + oauthLimits.refreshAwaitedMs
    for (let hasTried = false; ; hasTried = true) {
      const grant = await this.#demandGrant(holder, open)
      const token = this.#accessTokenOf(grant, holder)
      const here = token === undefined ? undefined : { text: token, untilMs: mayEndMs(grant) }
      const mayStay = refused === undefined || refused !== token || isJustForced(grant, nowMs())
      if (here !== undefined && isFresh(grant, nowMs(), neededMs) && mayStay) return here
      const usable = mayStay && isUsable(grant, nowMs()) ? here : undefined
      if (hasTried && usable !== undefined) return usable
      const taken = await this.#refreshed(holder, { open, grant, neededMs, refused }).catch((error: unknown) => {
        const isAway = error instanceof SessionFailed && error.failure.kind === 'token service unreachable'
        if (usable === undefined || !isAway) throw error
        return usable
      })
      if (taken !== undefined) return taken
      if (performance.now() > endMs)
        throw failedBy(holder, serverNameOf(open.application), 'another process has asked it for too long')
      // Another process refreshes it just now, or the endpoint has enough of us.
      await delay(oauthLimits.refreshLookedAtEveryMs, undefined, signal === undefined ? {} : { signal })
    }
  }

  /** Its application, if that may give it tokens. */
  async #demandApplication({ id, kind, login, guarded, to = login }: TokenHolder): Promise<OpenApplication> {
    const { applicationId } = login.oauth ?? { applicationId: '' }
    const record = await this.#applications.get(applicationId)
    const remedy = `Change the ${kind} ${id}`
    if (record === undefined) {
      const reason = `There is no application ${applicationId}, by which ${login.user} would sign in`
      throw new SessionFailed({ kind: 'internal', reason, remedy })
    }
    const [mistake] = tokenMistakes(record.application, to, guarded)
    if (mistake === undefined) return openApplication(record, this.#world.seal)
    const reason = `The token of ${login.user} goes to no such server: its ${mistake.pointer.slice(1)} ${mistake.detail}`
    throw new SessionFailed({ kind: 'internal', reason, remedy })
  }

  async #demandGrant(holder: TokenHolder, { application }: OpenApplication): Promise<Grant> {
    const { id, login } = holder
    const grant = await this.#grants.get(id)
    const terms = { applicationId: application.id, host: login.host, user: login.user }
    if (grant === undefined || !isGrantFor(grant, terms)) throw this.#signInNeeded(holder, null)
    if (grant.state === 'refused') throw this.#signInNeeded(holder, grant.reason ?? 'refused')
    if (grant.flow === 'application' && !isUnattended(application, login.user))
      throw this.#signInNeeded(holder, 'the application may not open this mailbox any more')
    return grant
  }

  #accessTokenOf({ sealedAccessToken }: Grant, { id }: TokenHolder): string | undefined {
    return sealedAccessToken === undefined ? undefined : this.#world.seal.open(sealedAccessToken, id, 'accessToken')
  }

  /** @returns undefined if somebody else refreshes it, or has changed the grant meanwhile. */
  async #refreshed(
    holder: TokenHolder,
    { open, grant: looked, neededMs, refused }: TokenWanted & { readonly open: OpenApplication; readonly grant: Grant },
  ): Promise<AccessToken | undefined> {
    const { redis, nowMs } = this.#world
    const names = [keys.oauthRefresh(holder.id), keys.oauthSlots(serverNameOf(open.application))]
    const name = randomBytes(8).toString('hex')
    // What the server says of itself is asked for before: the lease is for the refresh alone.
    const server = await this.#answered(holder, open, looked, async () => await this.#world.servers.of(open))
    if (server === undefined) return undefined
    if ((await takeRefresh(redis, names, [name, oauthLimits.refreshLeaseMs])) !== 'done') return undefined
    try {
      // Whoever had it before may have written a new one.
      const grant = await this.#demandGrant(holder, open)
      const token = this.#accessTokenOf(grant, holder)
      const isDone = grant.generation !== looked.generation && token !== refused && isFresh(grant, nowMs(), neededMs)
      if (token !== undefined && isDone) return { text: token, untilMs: mayEndMs(grant) }
      const isForced = refused !== undefined && refused === token
      const issued = await this.#answered(holder, open, grant, async () => await this.#issued(holder, server, grant))
      if (issued === undefined) return undefined
      const written = await this.#grants.put(holder.id, this.#after(holder, grant, issued, isForced), grant)
      if (written !== undefined) return { text: issued.accessToken, untilMs: mayEndMs(written) }
      // Somebody has signed out meanwhile, or signed in anew.
      this.#revocations.ofTokens(issued, consentOf(grant))
      return undefined
    } finally {
      await leaveRefresh(redis, names, [name])
    }
  }

  /** @throws OAuthFailed */
  async #issued({ id, login }: TokenHolder, server: AuthorizationServer, grant: Grant): Promise<IssuedTokens> {
    const { sealedRefreshToken, flow } = grant
    if (flow === 'application') return await applicationToken(server, login.user)
    if (sealedRefreshToken === undefined)
      throw new OAuthFailed('sign-in needed', server.name, 'the token has ended, and there was none to refresh it with')
    return await refresh(server, this.#world.seal.open(sealedRefreshToken, id, 'refreshToken'))
  }

  /** Asks a server, and draws the consequence if it refuses. @returns undefined if somebody has changed the grant meanwhile. */
  async #answered<T>(
    holder: TokenHolder,
    open: OpenApplication,
    grant: Grant,
    ask: () => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof OAuthFailed)) throw error
      return await this.#failed(holder, open, grant, error)
    }
  }

  async #failed(holder: TokenHolder, open: OpenApplication, grant: Grant, error: OAuthFailed): Promise<undefined> {
    const { trouble, server, message } = error
    if (trouble === 'sign-in needed' && grant.flow !== 'application') {
      const { sealedAccessToken: _, sealedRefreshToken: __, generation: ___, ...rest } = grant
      const refusedAfter = grant.generation
      const refused: NewGrant = { ...rest, state: 'refused', reason: message, warning: null, refusedAfter }
      // Whoever has signed in meanwhile is not refused.
      if ((await this.#grants.put(holder.id, refused, grant)) === undefined) return undefined
      throw this.#signInNeeded(holder, message)
    }
    if (isPassing(trouble)) throw failedBy(holder, server, message)
    const reason = `${server} gives the application ${open.application.clientId} no token: ${message}`
    const remedy = `Look at the application ${open.application.id} and its secret`
    throw new SessionFailed({ kind: 'internal', reason, remedy })
  }

  #after({ id }: TokenHolder, before: Grant, issued: IssuedTokens, isForced: boolean): NewGrant {
    const { seal, nowMs } = this.#world
    const { generation: _, forced: __, ...rest } = before
    return {
      ...rest,
      ...sealedTokens(seal, id, issued, { nowMs: nowMs(), before }),
      ...(isForced ? { forced: true as const } : {}),
    }
  }

  #signInNeeded({ kind, id, login }: TokenHolder, reason: string | null): SessionFailed {
    const page = `${this.#world.publicUrl}/${kind}s/${id}`
    const everyAccount = kind === 'destination' ? { everyAccount: true as const } : {}
    return new SessionFailed({ kind: 'sign-in needed', mailbox: login.user, reason, page, ...everyAccount })
  }
}

function failedBy({ kind }: TokenHolder, server: string, reason: string): SessionFailed {
  const everyAccount = kind === 'destination' ? { everyAccount: true as const } : {}
  return new SessionFailed({ kind: 'token service unreachable', server, reason, ...everyAccount })
}

/** The tokens as they are kept. A server that gives no new refresh token means the one before. */
export function sealedTokens(
  seal: Seal,
  id: string,
  { accessToken, refreshToken, lifeMs, refreshLifeMs }: IssuedTokens,
  { nowMs, before }: { readonly nowMs: number; readonly before?: Pick<Grant, 'sealedRefreshToken' | 'refreshUntilMs'> },
) {
  const sealedRefreshToken =
    refreshToken === null ? before?.sealedRefreshToken : seal.seal(refreshToken, id, 'refreshToken')
  return {
    ...(sealedRefreshToken === undefined ? {} : { sealedRefreshToken }),
    sealedAccessToken: seal.seal(accessToken, id, 'accessToken'),
    issuedAtMs: nowMs,
    accessUntilMs: nowMs + lifeMs,
    refreshUntilMs: refreshLifeMs === null ? (before?.refreshUntilMs ?? null) : nowMs + refreshLifeMs,
  }
}
