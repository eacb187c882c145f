/** `/session`: people sign in, and out. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Counted, Throttle } from '../../src/redis/throttle.ts'
import type { Proof } from '../../src/redis/sessions.ts'
import { digestOf } from '../../src/redis/tokens.ts'
import type { App } from '../app.ts'
import { cookieName, csrfOf, type Session } from '../http/auth.ts'
import { isPassword, passwordHash } from '../http/passwords.ts'
import { Problem } from '../http/problems.ts'
import { sourceOf } from '../http/protection.ts'
import { Nothing } from '../schemas/answers.ts'
import * as schemas from '../schemas/session.ts'
import { type Known, type Principal, Who, type WhoWorld } from '../http/who.ts'

export interface SessionWorld extends WhoWorld {
  readonly throttle: Throttle
}

export function addSession(app: App, world: SessionWorld): void {
  const { sessions, destinations, throttle } = world
  const who = new Who(world)

  /** One attempt: counted, and refused while too many have failed. */
  const counted = async (one: Counted): Promise<Counted> => {
    const seconds = Math.ceil((await throttle.attempt(one)) / 1000)
    if (seconds === 0) return one
    throw new Problem(
      'too-many-requests',
      `Too many attempts have failed; try again in ${seconds} s. Tokens work all the while.`,
      [],
      seconds,
    )
  }

  /** Who this is; what they have shown, compared with what it must be. */
  const proven = async (
    request: FastifyRequest,
    login: string | undefined,
    password: string,
  ): Promise<[Proof, Known] | undefined> => {
    const proof: Proof | undefined =
      login === undefined ? { kind: 'password' } : proofOf(await destinations.idOfLogin(login.toLowerCase()))
    const known = proof === undefined ? undefined : await who.by(proof)
    request.triedAs = known?.principal
    const right = await isPassword(known?.hash, password)
    return right && proof !== undefined && known !== undefined ? [proof, known] : undefined
  }

  const begin = async (request: FastifyRequest, reply: FastifyReply, proof: Proof, { principal, hash }: Known) => {
    const record = { proof, against: digestOf(hash) }
    const secret = await sessions.begin(record)
    request.principal = principal
    reply.setCookie(cookieName(request), secret, cookieFor(request))
    return viewOf(principal, { secret, record })
  }

  app.post(
    '/session',
    {
      config: { open: true },
      schema: {
        operationId: 'signIn',
        summary: 'Sign in',
        description:
          'With the password of the admin, the text of a token, or the login and password of a hosted destination, which makes its owner. Answers with a cookie, which ends 12 hours after it was used last; changes need the header `x-csrf-token` beside it.',
        problems: ['sign-in-refused'],
        body: schemas.SignIn,
        response: { 200: schemas.Session },
      },
    },
    async (request, reply) => {
      const { login, password } = request.body
      const address = await counted({ what: 'address', name: sourceOf(request.ip) })
      // A token cannot be guessed, so it is not slowed down by those who guess at the password.
      const held = login === undefined ? await who.holding(password) : 'unknown'
      if (typeof held === 'object' && 'principal' in held) {
        await throttle.succeeded(address)
        return await begin(request, reply, { kind: 'token', id: held.principal.id }, held)
      }
      const name = await counted({ what: 'login', name: login?.toLowerCase() ?? '' })
      const found = await proven(request, login, password)
      if (found === undefined)
        throw new Problem(
          'sign-in-refused',
          login === undefined
            ? 'This is neither the password of the admin nor a token. Until a password is set, sign in with the token in the file admin-token under TRIBUTARY_HOME.'
            : 'This login or its password is not right.',
        )
      await Promise.all([throttle.succeeded(address), throttle.succeeded(name)])
      return await begin(request, reply, ...found)
    },
  )

  app.get(
    '/session',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'readSession',
        summary: 'Read who is signed in',
        description: 'By token too; then there is no CSRF token.',
        response: { 200: schemas.Session },
      },
    },
    async ({ principal, session }) => viewOf(principal, session),
  )

  app.delete(
    '/session',
    {
      config: { scope: 'read' },
      schema: { operationId: 'signOut', summary: 'Sign out', response: { 204: Nothing } },
    },
    async (request, reply) => {
      if (request.session !== undefined) await sessions.end(request.session.secret)
      return await reply.clearCookie(cookieName(request), cookieFor(request)).code(204).send()
    },
  )

  app.put(
    '/session/password',
    {
      config: { scope: 'admin', instance: true },
      schema: {
        operationId: 'setAdminPassword',
        summary: 'Set the password of the admin',
        description: 'Sessions that were begun with the old one end, but for the one that sets it.',
        body: schemas.AdminPassword,
        response: { 204: Nothing },
      },
    },
    async ({ body: { password }, session }, reply) => {
      const hash = await passwordHash(password)
      await sessions.setAdminPassword(hash)
      if (session?.record.proof.kind === 'password')
        await sessions.change(session.secret, { ...session.record, against: digestOf(hash) })
      return await reply.code(204).send()
    },
  )
}

function proofOf(destinationId: string | undefined): Proof | undefined {
  return destinationId === undefined ? undefined : { kind: 'login', destinationId }
}

function cookieFor({ protocol }: FastifyRequest) {
  return { path: '/', httpOnly: true, sameSite: 'strict', secure: protocol === 'https' } as const
}

function viewOf({ name, scope, destinationId }: Principal, session: Session | undefined) {
  const csrf = session === undefined ? null : csrfOf(session)
  return { name, scope, destinationId: destinationId ?? null, csrf }
}
