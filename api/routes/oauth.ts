/** `/accounts/{id}/oauth`, `/destinations/{id}/oauth`, and what browsers open: `/oauth/link`, `/oauth/callback` (CONTRACT section 10). */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { endCode } from '../../src/oauth/flows.ts'
import { oauthLimits } from '../../src/oauth/limits.ts'
import { isPassing, OAuthFailed } from '../../src/oauth/oauth-failed.ts'
import { oauthProviders } from '../../src/oauth/providers.ts'
import { serverNameOf } from '../../src/oauth/authorization-servers.ts'
import { consentBy, isGrantFor } from '../../src/oauth/grant.ts'
import { openApplication } from '../../src/redis/oauth-applications.ts'
import type { SignInFor } from '../../src/redis/oauth-states.ts'
import type { TokenHolder } from '../../src/redis/oauth-tokens.ts'
import { isOwnersConsent, takeGrant } from '../../src/redis/signed-in.ts'
import type { App } from '../app.ts'
import { cookieName, cookiePath } from '../http/auth.ts'
import { principalOf } from '../http/who.ts'
import { type HandlerOf, route } from '../http/route.ts'
import { Nothing } from '../schemas/answers.ts'
import * as schemas from '../schemas/oauth.ts'
import { Id } from '../schemas/requests.ts'
import { newBrowser, OAuthDesk, type SignInDeskWorld } from '../sign-in-desk.ts'
import { holderOf, type SignInHolder, termsOf } from '../sign-in-holder.ts'
import { sendPage } from '../sign-in-pages.ts'
import { callbackOf } from '../sign-in-urls.ts'

export async function oauthRoutes(app: App, world: SignInDeskWorld): Promise<void> {
  const desk = new OAuthDesk(world)
  for (const kind of ['account', 'destination'] as const) {
    const routes = routesOf(kind)
    const begin: HandlerOf<typeof routes.begin> = async (request, reply) => {
      const browser = request.session === undefined ? undefined : browserOf(request, reply)
      return await desk.begin(kind, request.params.id, request.body.flow, { principal: principalOf(request), browser })
    }
    app.post(`/${kind}s/:id/oauth`, routes.begin, begin)
    app.get(
      `/${kind}s/:id/oauth`,
      routes.read,
      async ({ params: { id } }) => await desk.status((await desk.demand(kind, id)).holder),
    )
    app.delete(`/${kind}s/:id/oauth`, routes.end, async ({ params: { id } }, reply) => {
      await desk.signOut(kind, id)
      return await reply.code(204).send()
    })
    app.post(
      `/${kind}s/:id/oauth/link`,
      routes.link,
      async ({ params: { id } }) => await desk.link((await desk.demand(kind, id)).holder),
    )
  }
}

const routesOf = (kind: TokenHolder['kind']) => {
  const of = kind === 'account' ? 'Account' : 'Destination'
  return {
    begin: route(
      { scope: 'admin' },
      {
        operationId: `begin${of}SignIn`,
        summary: `Sign in for a${kind === 'account' ? 'n' : ''} ${kind}`,
        description:
          'Flow code: the URL of the provider, for the browser whose session asks, which gets a cookie for it; by a token, a link as POST .../oauth/link gives it. Flow device: GET tells how far it is.',
        problems: ['conflict', 'instance', 'provider-unavailable'],
        params: Id,
        body: schemas.SignInWanted,
        response: { 200: schemas.BegunOAuth },
      },
    ),
    read: route(
      { scope: 'read' },
      {
        operationId: `read${of}SignIn`,
        summary: 'Read how far a sign-in is',
        problems: ['conflict'],
        params: Id,
        response: { 200: schemas.BegunOAuth },
      },
    ),
    end: route(
      { scope: 'admin' },
      {
        operationId: `end${of}SignIn`,
        summary: 'Sign out',
        description: 'Its tokens are forgotten, and revoked where the provider offers that.',
        problems: ['conflict'],
        params: Id,
        response: { 204: Nothing },
      },
    ),
    link: route(
      { scope: 'admin' },
      {
        operationId: `link${of}SignIn`,
        summary: 'Make a link with which the owner of the mailbox signs in',
        description: 'To a page that names the mailbox. It is good for seven days, and used up by success.',
        problems: ['conflict'],
        params: Id,
        response: { 200: schemas.OAuthLink },
      },
    ),
  }
}

const openLink = route({ answers: 'page' }, { hide: true })
const callback = route({ answers: 'page' }, { hide: true })

/** These routes are registered in the open scope: browsers come without a token. */
export async function oauthPageRoutes(app: App, world: SignInDeskWorld): Promise<void> {
  const pages = new OAuthPages(world)
  app.get('/oauth/link', openLink, async (request, reply) => await pages.link(request, reply))
  app.get('/oauth/callback', callback, async (request, reply) => await pages.callback(request, reply))
}

class OAuthPages {
  readonly #world: SignInDeskWorld
  readonly #desk: OAuthDesk

  constructor(world: SignInDeskWorld) {
    this.#world = world
    this.#desk = new OAuthDesk(world)
  }

  async link(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const secret = new URL(request.url, this.#world.publicUrl).searchParams.get('link') ?? ''
    const linked = await this.#world.states.linked(secret)
    const found = linked && (await this.#found(linked.to))
    if (linked === undefined || found === undefined)
      return await sendPage(request, reply, 410, (words) => words.linkOver())
    const { holder, open } = found
    const { provider } = open.application
    try {
      const url = await this.#desk.request(holder, open, browserOf(request, reply), linked)
      const name = provider === 'custom' ? serverNameOf(open.application) : oauthProviders[provider].name
      return await sendPage(request, reply, 200, (words) => words.begin(holder, name, url))
    } catch (error) {
      if (!(error instanceof OAuthFailed)) throw error
      const { trouble, server, message } = error
      await this.#refused(linked.to, error)
      if (isPassing(trouble)) return await sendPage(request, reply, 503, (words) => words.noAnswer(server, message))
      return await sendPage(request, reply, 400, (words) => words.refused(holder, message))
    }
  }

  async callback(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { publicUrl, states, servers, grants, revocations } = this.#world
    const answer = new URL(callbackOf(publicUrl))
    answer.search = new URL(request.url, publicUrl).search
    const browser = request.cookies[cookieOf(request)] ?? ''
    const taken = await states.take(answer.searchParams.get('state') ?? '', browser)
    const found = taken && (await this.#found(taken.given))
    if (taken === undefined || found === undefined || !(await states.isWanted(taken.given)))
      return await sendPage(request, reply, 400, (words) => words.notTaken())
    const { holder, open } = found
    const { given, secrets } = taken
    try {
      const server = await servers.of(open)
      // What was asked elsewhere is answered elsewhere.
      if (server.configuration.serverMetadata().issuer !== given.issuer)
        return await sendPage(request, reply, 400, (words) => words.notTaken())
      const { tokens, identity } = await endCode(server, answer, secrets)
      if (!(await isOwnersConsent(this.#world, holder, identity))) {
        revocations.ofTokens(tokens, consentBy(open.application, identity))
        const as = identity.shown ?? identity.subject?.sub ?? '?'
        await grants.refused(holder.id, given, 'code', `${as} has signed in, and the mailbox is ${holder.mailbox}`)
        return await sendPage(request, reply, 403, (words) => words.somebodyElse(holder, as))
      }
      const signedIn = { application: open.application, flow: 'code', tokens, identity } as const
      const taking = await takeGrant(this.#world, holder, signedIn, given.round)
      if (taking === 'over') return await sendPage(request, reply, 400, (words) => words.notTaken())
      if (given.link !== null) await states.useUp(given.link)
      const { warning } = taking
      const url = `${publicUrl}/${holder.kind}s/${holder.id}`
      return await sendPage(request, reply, 200, (words) => words.done(holder, identity.shown, { url, warning }))
    } catch (error) {
      if (!(error instanceof OAuthFailed)) throw error
      const { trouble, server, message } = error
      await this.#refused(given, error)
      if (isPassing(trouble)) return await sendPage(request, reply, 503, (words) => words.noAnswerBack(server, message))
      return await sendPage(request, reply, 400, (words) => words.refused(holder, message))
    }
  }

  /** Whoever waits for the sign-in is not who sees the page. */
  async #refused(to: SignInFor, { trouble, server, message }: OAuthFailed): Promise<void> {
    if ((await this.#found(to)) === undefined) return
    const problem = isPassing(trouble) ? `${server} does not answer: ${message}` : message
    await this.#world.grants.refused(to.id, to, 'code', problem)
  }

  /** Whom it was made for, as long as it is the same mailbox at the same provider. */
  async #found(to: SignInFor) {
    const holder: SignInHolder | undefined = await holderOf(this.#world, to.kind, to.id)
    if (holder === undefined || holder.login.auth !== 'oauth2' || !isGrantFor(to, termsOf(holder))) return undefined
    const record = await this.#world.applications.get(to.applicationId)
    return record === undefined ? undefined : { holder, open: openApplication(record, this.#world.seal) }
  }
}

const cookieOf = (request: FastifyRequest) => cookieName(request, 'tributary-sign-in')

/** The browser keeps its cookie, for it may have two sign-ins open. It comes along when another site sends the browser back to us: so it is lax. */
function browserOf(request: FastifyRequest, reply: FastifyReply): string {
  const name = cookieOf(request)
  const before = request.cookies[name]
  const browser = before !== undefined && /^[\w-]{43}$/.test(before) ? before : newBrowser()
  const secure = request.protocol === 'https'
  reply.setCookie(name, browser, {
    path: cookiePath(request),
    httpOnly: true,
    sameSite: 'lax',
    secure,
    maxAge: oauthLimits.stateLivesMs / 1000,
  })
  return browser
}
