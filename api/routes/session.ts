/** `/session`: people sign in and out. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Destinations } from '../../src/redis/destinations.ts'
import type { Logger } from '../../src/log.ts'
import type { Guesses } from '../../src/redis/guesses.ts'
import type { Counted, Throttle } from '../../src/redis/throttle.ts'
import { isLoopbackHost } from '../../src/loopback.ts'
import type { Proof, SessionRecord, Sessions } from '../../src/redis/sessions.ts'
import { digestOf } from '../../src/redis/tokens.ts'
import type { App } from '../app.ts'
import { cookieName, cookiePath, csrfOf, type Session } from '../http/auth.ts'
import { demandMatch, tag } from '../http/etag.ts'
import { demandTurn } from '../http/guess-turn.ts'
import { isPassword, passwordHash } from '../http/passwords.ts'
import { Problem } from '../http/problems.ts'
import { addressBlockOf } from '../http/protection.ts'
import { type HandlerOf, route } from '../http/route.ts'
import { type Holder, type Principal, principalOf, type Who, type WhoWorld } from '../http/who.ts'
import { Nothing } from '../schemas/answers.ts'
import { IfMatch, IfNoneMatch } from '../schemas/requests.ts'
import * as schemas from '../schemas/session.ts'

export interface SessionWorld extends WhoWorld {
  readonly who: Who
  readonly sessions: Sessions
  readonly destinations: Destinations
  readonly throttle: Throttle
  readonly guesses: Guesses
  readonly log: Logger
  /** The file of the first token, with its full path. */
  readonly tokenFile?: string
}

/** These routes are registered in the open scope, because a person who signs in has shown nothing yet. */
export async function signInRoutes(app: App, world: SessionWorld): Promise<void> {
  const desk = new SignInDesk(world)
  app.post('/session', signIn, desk.signIn)
  app.get('/session/ways', readWays, async ({ ip }) => {
    const first = !(await world.sessions.hasBegunOne())
    // A path says who runs this and where: that is nobody's business elsewhere.
    return { first, tokenFile: first && isLoopbackHost(ip) ? (world.tokenFile ?? null) : null }
  })
}

export async function sessionRoutes(app: App, { sessions }: SessionWorld): Promise<void> {
  app.get('/session', readSession, async (request) => sessionView(principalOf(request), request.session))
  app.delete('/session', signOut, async (request, reply) => {
    if (request.session !== undefined) await sessions.end(request.session.secret)
    return await reply.clearCookie(cookieName(request), cookieFor(request)).code(204).send()
  })
  app.get('/session/password', readAdminPassword, async (_request, reply) => {
    const hash = await sessions.adminPassword()
    tag(reply, versionOf(hash))
    return { set: hash !== null }
  })
  app.put('/session/password', setAdminPassword, async (request, reply) => {
    const { session } = request
    const { password } = request.body
    demandMatch(request, versionOf(await sessions.adminPassword()), 'The password of the admin')
    const hash = await passwordHash(password)
    await sessions.setAdminPassword(hash)
    if (session?.record.proof.kind === 'password')
      await sessions.change(session.secret, { ...session.record, against: digestOf(hash) })
    return await reply.code(204).send()
  })
}

/** Nothing can be told from it but whether the password is another one. */
const versionOf = (hash: string | null) => ({ digest: hash === null ? null : digestOf(hash) })

const signIn = route(
  {},
  {
    operationId: 'signIn',
    summary: 'Sign in',
    description:
      'With the password of the admin, the text of a token, or the login and password of a hosted destination, which makes its owner. Answers with a cookie, which ends 12 hours after it was used last; changes need the header `x-csrf-token` beside it.',
    problems: ['sign-in-refused'],
    body: schemas.SignIn,
    response: { 200: schemas.Session },
  },
)

const readWays = route(
  {},
  {
    operationId: 'readSignIn',
    summary: 'Read what a page of sign-in has to ask for',
    response: { 200: schemas.SignInWays },
  },
)

const readSession = route(
  { scope: 'read' },
  {
    operationId: 'readSession',
    summary: 'Read who is signed in',
    description: 'By token too; then there is no CSRF token.',
    response: { 200: schemas.Session },
  },
)

const signOut = route({ scope: 'read' }, { operationId: 'signOut', summary: 'Sign out', response: { 204: Nothing } })

const readAdminPassword = route(
  { scope: 'admin', instance: true },
  {
    operationId: 'readAdminPassword',
    summary: 'Whether the admin has a password',
    description: 'Its ETag is another one when it is set anew.',
    headers: IfNoneMatch,
    response: { 200: schemas.AdminPasswordState },
  },
)

const setAdminPassword = route(
  { scope: 'admin', instance: true },
  {
    operationId: 'setAdminPassword',
    summary: 'Set the password of the admin',
    description: 'Sessions that were begun with the old one end, but for the one that sets it.',
    headers: IfMatch,
    body: schemas.AdminPassword,
    response: { 204: Nothing },
  },
)

class SignInDesk {
  readonly #world: SessionWorld

  constructor(world: SessionWorld) {
    this.#world = world
  }

  readonly signIn: HandlerOf<typeof signIn> = async (request, reply) => {
    const { who, throttle, guesses, log } = this.#world
    const { login, password } = request.body
    const from = addressBlockOf(request.ip)
    const address = await this.#counted({ what: 'address', name: from })
    // A token cannot be guessed, so failed guesses at the password do not slow down a sign-in by token.
    // What is copied from a terminal often has a space or a line end behind it.
    const holder = login === undefined ? await who.holding(password.trim()) : 'unknown'
    if (typeof holder === 'object' && 'principal' in holder) {
      await throttle.succeeded(address)
      return await this.#begin(request, reply, { proof: { kind: 'token', id: holder.principal.id }, holder })
    }
    if (login === undefined) await this.#counted(admin)
    else demandTurn(await guesses.attempt({ login, from }), tokensWork)
    const proven = await this.#proven(request, login, password)
    if (proven === undefined) {
      log.warn({ event: 'login refused', address: request.ip }, `A sign-in from ${request.ip} was refused`)
      throw new Problem(
        'sign-in-refused',
        login === undefined
          ? 'This is neither the password of the admin nor a token. Until a password is set, sign in with the token in the file admin-token under TRIBUTARY_HOME.'
          : 'This login or its password is not right.',
      )
    }
    await Promise.all([
      throttle.succeeded(address),
      login === undefined ? throttle.succeeded(admin) : guesses.succeeded({ login, from }),
    ])
    return await this.#begin(request, reply, proven)
  }

  /**
   * Counts one attempt.
   *
   * @throws Problem while too many attempts have failed.
   */
  async #counted(attempt: Counted): Promise<Counted> {
    demandTurn(await this.#world.throttle.attempt(attempt), tokensWork)
    return attempt
  }

  /** Compares the password with that of the login or the admin. Undefined: the password is wrong. */
  async #proven(request: FastifyRequest, login: string | undefined, password: string): Promise<Proven | undefined> {
    const { who, destinations } = this.#world
    const proof: Proof | undefined =
      login === undefined ? { kind: 'password' } : proofOf(await destinations.idOfLogin(login.toLowerCase()))
    const holder = proof === undefined ? undefined : await who.by(proof)
    request.claimant = holder?.principal
    const isRight = await isPassword(holder?.hash, password)
    return isRight && proof !== undefined && holder !== undefined ? { proof, holder } : undefined
  }

  async #begin(request: FastifyRequest, reply: FastifyReply, { proof, holder }: Proven) {
    const record = { proof, against: digestOf(holder.hash) }
    return await beginSession(this.#world, request, reply, { record, principal: holder.principal })
  }
}

const tokensWork = ' Tokens work all the while.'

/** Begins a session for somebody who has shown who it is. */
export async function beginSession(
  { sessions }: Pick<SessionWorld, 'sessions'>,
  request: FastifyRequest,
  reply: FastifyReply,
  { record, principal }: { readonly record: SessionRecord; readonly principal: Principal },
) {
  const secret = await sessions.begin(record)
  request.claimant = principal
  reply.setCookie(cookieName(request), secret, cookieFor(request))
  return sessionView(principal, { secret, record })
}

const admin: Counted = { what: 'login', name: '' }

interface Proven {
  readonly proof: Proof
  readonly holder: Holder
}

function proofOf(destinationId: string | undefined): Proof | undefined {
  return destinationId === undefined ? undefined : { kind: 'login', destinationId }
}

function cookieFor(request: FastifyRequest) {
  const secure = request.protocol === 'https'
  return { path: cookiePath(request), httpOnly: true, sameSite: 'strict', secure } as const
}

function sessionView({ name, scope, destinationId }: Principal, session: Session | undefined) {
  const csrf = session === undefined ? null : csrfOf(session)
  return { name, scope, destinationId: destinationId ?? null, csrf }
}
