/**
 * Links that sign a browser in, once and within ten minutes. The code stands behind the # of the link: a browser sends that to no server, so
 * it is in no log and in no Referer, and whoever only looks at the page behind the link does not use it up.
 */
import type { SignInLinks } from '../../src/redis/sign-in-links.ts'
import { digestOf } from '../../src/redis/tokens.ts'
import type { App } from '../app.ts'
import { Problem } from '../http/problems.ts'
import { route } from '../http/route.ts'
import { principalOf } from '../http/who.ts'
import * as schemas from '../schemas/session.ts'
import { beginSession, type SessionWorld } from './session.ts'

export interface SignInLinksWorld extends SessionWorld {
  readonly signInLinks: SignInLinks
  /** Where browsers reach the API, without a slash at its end. */
  readonly publicUrl: string
}

export async function signInLinkRoutes(app: App, { signInLinks, who, publicUrl }: SignInLinksWorld): Promise<void> {
  app.post('/session/link', makeLink, async (request, reply) => {
    const { id } = principalOf(request)
    const proof = request.session?.record.proof ?? { kind: 'token', id }
    const holder = await who.by(proof)
    if (holder === undefined) throw new Problem('unauthenticated', 'Who asks is not let in any more.')
    const { code, expiresAtMs } = await signInLinks.make({ proof, against: digestOf(holder.hash) })
    const link = { url: `${publicUrl}/enter#${code}`, expiresAt: new Date(expiresAtMs).toISOString() }
    return await reply.code(201).send(link)
  })
}

/** This route is registered in the open scope, because a person who comes by a link has shown nothing else. */
export async function enterRoutes(app: App, world: SignInLinksWorld): Promise<void> {
  app.post('/session/enter', enter, async (request, reply) => {
    // Nobody guesses one of 2^256 codes, so attempts are not counted.
    const record = await world.signInLinks.take(request.body.code)
    const principal = record === undefined ? undefined : await world.who.signedIn(record)
    if (record === undefined || principal === undefined)
      throw new Problem('sign-in-refused', 'This link was used before, or is older than ten minutes.')
    return await beginSession(world, request, reply, { record, principal })
  })
}

const makeLink = route(
  { scope: 'admin', instance: true },
  {
    operationId: 'makeSignInLink',
    summary: 'Make a link that signs a browser in',
    description: 'As whoever asks for it. It works once, within ten minutes, and shows no token.',
    response: { 201: schemas.SignInLink },
  },
)

const enter = route(
  {},
  {
    operationId: 'enterByLink',
    summary: 'Sign in by a link',
    description: 'With the code that stands behind the # of a link of `POST /session/link`. It is used up.',
    problems: ['sign-in-refused'],
    body: schemas.EnterByLink,
    response: { 200: schemas.Session },
  },
)
