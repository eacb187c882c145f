/** Begins, reads and ends sign-ins (CONTRACT section 10). */
import { randomBytes } from 'node:crypto'
import { flowsOf, isUnattended, type OpenApplication, tokenMistakes } from '../src/oauth/application.ts'
import { type AuthorizationServers, serverNameOf } from '../src/oauth/authorization-servers.ts'
import { applicationToken, beginCode, beginDevice } from '../src/oauth/flows.ts'
import { nobodyNamed } from '../src/oauth/identity.ts'
import { oauthLimits } from '../src/oauth/limits.ts'
import { isPassing, OAuthFailed } from '../src/oauth/oauth-failed.ts'
import type { OAuthFlow } from '../src/oauth/providers.ts'
import { flowsIn } from '../src/oauth/server-metadata.ts'
import { isLoopbackHost } from '../src/loopback.ts'
import type { OAuthDevices, WaitingDevice } from '../src/redis/oauth-devices.ts'
import { openApplication } from '../src/redis/oauth-applications.ts'
import type { GivenLink, OAuthStates } from '../src/redis/oauth-states.ts'
import { protocolOf, type TokenHolder } from '../src/redis/oauth-tokens.ts'
import type { TokenRevocations } from '../src/redis/token-revocations.ts'
import { awaitSignIn, type SignedInWorld, takeGrant } from '../src/redis/signed-in.ts'
import { conflict, Problem } from './http/problems.ts'
import type { Principal } from './http/who.ts'
import type { BegunOAuth } from './schemas/oauth.ts'
import { demandHolder, type HoldersWorld, type SignInHolder, termsOf } from './sign-in-holder.ts'
import { feedsEn } from './sign-in-words/en.ts'
import { oauthStatusOf, type OAuthStatusWorld } from './sign-in-status.ts'
import { callbackOf, linkOf } from './sign-in-urls.ts'

export interface SignInDeskWorld extends HoldersWorld, SignedInWorld, OAuthStatusWorld {
  readonly servers: AuthorizationServers
  readonly states: OAuthStates
  readonly devices: OAuthDevices
  readonly revocations: TokenRevocations
  readonly publicUrl: string
}

export class OAuthDesk {
  readonly #world: SignInDeskWorld

  constructor(world: SignInDeskWorld) {
    this.#world = world
  }

  /** @param browser the cookie of the browser of somebody who is signed in here; undefined: a bearer token, which gets a link. */
  async begin(
    kind: TokenHolder['kind'],
    id: string,
    flow: OAuthFlow,
    { principal, browser }: { readonly principal: Principal; readonly browser: string | undefined },
  ): Promise<BegunOAuth> {
    const { holder, open } = await this.demand(kind, id)
    if (!flowsOf(open.application).includes(flow)) {
      if (flow === 'device') throw withoutDevice(holder, serverNameOf(open.application))
      throw conflict(`The provider of this application has no flow ${flow} for mail.`)
    }
    switch (flow) {
      case 'code':
        return browser === undefined ? await this.link(holder) : await this.#beginCode(holder, open, browser)
      case 'device':
        return await this.#beginDevice(holder, open, principal)
      case 'application':
        return await this.#asApplication(holder, open, principal)
    }
  }

  /** @throws Problem unless its tokens may go where it logs in. */
  async demand(
    kind: TokenHolder['kind'],
    id: string,
  ): Promise<{ readonly holder: SignInHolder; readonly open: OpenApplication }> {
    const { holder, application } = await demandHolder(this.#world, kind, id)
    const [mistake] = tokenMistakes(application.application, holder.login, holder.guarded)
    if (mistake !== undefined)
      throw conflict(`The ${kind} ${id} may be given no token: its ${mistake.pointer.slice(1)} ${mistake.detail}.`)
    return { holder, open: openApplication(application, this.#world.seal) }
  }

  async link(holder: SignInHolder): Promise<{ readonly url: string; readonly expiresAt: string }> {
    const { states, publicUrl } = this.#world
    demandSafe(publicUrl)
    const secret = await states.link(termsOf(holder))
    await this.#note(holder, 'code', oauthLimits.linkLivesMs)
    return { url: linkOf(publicUrl, secret), expiresAt: isoIn(oauthLimits.linkLivesMs) }
  }

  /** Makes the state of an authorization request, for one browser. @param linked the link that was opened. */
  async request(
    holder: SignInHolder,
    open: OpenApplication,
    browser: string,
    linked: GivenLink | null,
  ): Promise<string> {
    const { servers, states, publicUrl } = this.#world
    demandSafe(publicUrl)
    const server = await servers.of(open)
    const { url, secrets } = await beginCode(server, {
      redirectUri: callbackOf(publicUrl),
      protocol: protocolOf(holder),
      sends: isToSend(holder),
      user: holder.login.user,
    })
    const { issuer } = server.configuration.serverMetadata()
    await states.give(secrets, { ...termsOf(holder), issuer }, linked, browser)
    return url
  }

  async #beginCode(holder: SignInHolder, open: OpenApplication, browser: string): Promise<BegunOAuth> {
    const url = await asked(async () => await this.request(holder, open, browser, null))
    await this.#note(holder, 'code', oauthLimits.stateLivesMs)
    return { url, expiresAt: isoIn(oauthLimits.stateLivesMs), ...fedBy(holder) }
  }

  async #beginDevice(holder: SignInHolder, open: OpenApplication, { destinationId }: Principal): Promise<BegunOAuth> {
    const { servers, devices, seal } = this.#world
    const server = await asked(async () => await servers.of(open))
    if (!flowsIn(server.configuration.serverMetadata()).includes('device')) throw withoutDevice(holder, server.name)
    const device = await asked(async () => await beginDevice(server, protocolOf(holder), isToSend(holder)))
    const nowMs = Date.now()
    const { deviceCode, userCode, verificationUri, intervalMs, livesMs } = device
    const waiting: WaitingDevice = {
      ...termsOf(holder),
      sealedDeviceCode: seal.seal(deviceCode, holder.id, 'deviceCode'),
      userCode,
      verificationUri,
      intervalMs,
      askMs: nowMs + intervalMs,
      untilMs: nowMs + livesMs,
      ...(destinationId === undefined ? {} : { owner: destinationId }),
    }
    if (!(await devices.wait(waiting, nowMs)))
      throw conflict(
        'Too many sign-ins by code wait at once. Type the codes that were given, or try again in some minutes; a link needs no room.',
      )
    await this.#note(holder, 'device', livesMs)
    return { userCode, verificationUri, expiresAt: isoIn(livesMs), ...fedBy(holder) }
  }

  /** Opens mailboxes of a whole company: for admins of the instance alone, and for those that the application lists. */
  async #asApplication(holder: SignInHolder, open: OpenApplication, { destinationId }: Principal): Promise<BegunOAuth> {
    if (destinationId !== undefined)
      throw new Problem(
        'instance',
        'Without anybody who signs in only an admin of the whole instance may open a mailbox.',
      )
    const { application } = open
    if (!isUnattended(application, holder.login.user))
      throw conflict(`The application ${application.id} does not list ${holder.login.user} among its addresses.`)
    const tokens = await asked(
      async () => await applicationToken(await this.#world.servers.of(open), holder.login.user),
    )
    const signedIn = { application, flow: 'application', tokens, identity: nobodyNamed } as const
    if ((await takeGrant(this.#world, holder, signedIn)) === 'over')
      throw conflict(`The ${holder.kind} ${holder.id} was changed meanwhile; try again.`)
    return await this.status(holder)
  }

  async status(holder: SignInHolder): Promise<BegunOAuth> {
    const status = await oauthStatusOf(this.#world, holder.id, holder.login)
    // Whoever was signed in before still is, while a code waits.
    const device = await this.#world.devices.get(holder.id)
    if (device === undefined) return status
    const { userCode, verificationUri } = device
    return { ...status, userCode, verificationUri, ...fedBy(holder) }
  }

  /** Signs out: the grant is forgotten here whatever becomes of its revocation at the server. */
  async signOut(kind: TokenHolder['kind'], id: string): Promise<void> {
    const { holder } = await demandHolder(this.#world, kind, id)
    const { grants, accounts, redis, publicUrl, revocations } = this.#world
    const grant = await grants.remove(id)
    if (holder.kind === 'account')
      await awaitSignIn(redis, accounts, { id: id as never, user: holder.login.user }, publicUrl)
    revocations.ofGrant(id, grant)
  }

  async #note(holder: SignInHolder, flow: OAuthFlow, livesMs: number): Promise<void> {
    await this.#world.grants.begun(holder.id, { terms: termsOf(holder), flow, untilMs: Date.now() + livesMs })
  }
}

/** 256 random bits for the cookie of a browser. */
export function newBrowser(): string {
  return randomBytes(32).toString('base64url')
}

function isoIn(ms: number): string {
  return new Date(Date.now() + ms).toISOString()
}

/** RFC 8628 is known to few providers. */
function withoutDevice({ kind, id }: SignInHolder, server: string): Problem {
  return conflict(
    `${server} offers no sign-in by code. Make a link for the owner of the mailbox instead: "tributary ${kind} sign-in ${id} --link", or POST /api/v1/${kind}s/${id}/oauth/link.`,
  )
}

/** A provider sends the browser back with what opens a mailbox. */
function demandSafe(publicUrl: string): void {
  const { protocol, hostname } = new URL(publicUrl)
  if (protocol === 'https:' || isLoopbackHost(hostname)) return
  throw conflict(`A browser cannot come back to ${publicUrl} safely: set TRIBUTARY_PUBLIC_URL to an https URL.`)
}

/** @throws Problem in place of OAuthFailed. */
async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof OAuthFailed)) throw error
    const { trouble, server, message } = error
    if (isPassing(trouble))
      throw new Problem('provider-unavailable', `${server} does not answer: ${message}. Try again in a moment.`)
    throw conflict(`${server} refused it: ${message}. Check the application there and here.`)
  }
}

/** What becomes of the mail, as a sentence and as its facts. */
function fedBy({ mailbox, into }: SignInHolder) {
  return { feeds: feedsEn({ mailbox, into }), feeding: { mailbox, into } }
}

/** Whoever is to send as well is asked for that, too; whoever is not, for nothing that is not needed. */
function isToSend({ login }: SignInHolder): boolean {
  return 'smtp' in login && login.smtp !== false
}
