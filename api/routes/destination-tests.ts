/** `/destinations/test` and `/destinations/{id}/test`: tries the login of a mailbox, and stores nothing. */
import type { FastifyRequest } from 'fastify'
import { targetOf } from '../../src/account/destination.ts'
import type { Proxy } from '../../src/account/proxy.ts'
import { askedReportOf } from '../../src/failure/sentences.ts'
import { knownStep } from '../../src/failure/next-step.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import type { Failure } from '../../src/failure/failure.ts'
import { type Login, loginOf } from '../../src/imap/connection.ts'
import { examineStore } from '../../src/imap/examine.ts'
import type { DestinationRecord } from '../../src/redis/destinations.ts'
import type { AccessTokens } from '../../src/redis/oauth-tokens.ts'
import { fingerprintsOf, noteShownCertificate } from '../../src/redis/shown-certificates.ts'
import type { StoreEndpoint } from '../../src/server-urls.ts'
import type { App } from '../app.ts'
import { demandPlaces, newElsewhere, shownByDestination } from '../destination-elsewhere.ts'
import { newDestination, patchedDestination, patchMistakes } from '../destination-fields.ts'
import { findDestination } from '../http/found.ts'
import { badRequest, Problem } from '../http/problems.ts'
import { guardedBy } from '../http/reach.ts'
import { type HandlerOf, route } from '../http/route.ts'
import { type Principal, principalOf } from '../http/who.ts'
import * as schemas from '../schemas/destinations.ts'
import { Id } from '../schemas/requests.ts'
import type { DestinationsWorld } from './destinations.ts'

export interface DestinationTestsWorld extends DestinationsWorld {
  readonly accessTokens: AccessTokens
  readonly store: StoreEndpoint
  /** The instance's. */
  readonly proxy?: Proxy | undefined
}

export async function destinationTestRoutes(app: App, world: DestinationTestsWorld): Promise<void> {
  const handlers = new DestinationTestHandlers(world)
  app.post('/destinations/test', testNewDestination, handlers.testNew)
  const withOrWithoutBody = async (request: FastifyRequest) => {
    request.body ??= {}
  }
  app.post('/destinations/:id/test', { ...testDestination, preValidation: withOrWithoutBody }, handlers.test)
}

const testNewDestination = route(
  { scope: 'admin', instance: true },
  {
    operationId: 'testNewDestination',
    summary: 'Try a destination elsewhere without making it',
    body: schemas.NewDestination,
    response: { 200: schemas.DestinationExamination },
  },
)

const testDestination = route(
  { scope: 'operate' },
  {
    operationId: 'testDestination',
    summary: 'Try a destination',
    description:
      'Without a body as it is; with the fields of a PATCH as it would be after that, by the same rules (scope admin). Nothing is changed, and nothing stored there.',
    params: Id,
    body: schemas.DestinationPatch,
    response: { 200: schemas.DestinationExamination },
  },
)

class DestinationTestHandlers {
  readonly #world: DestinationTestsWorld

  constructor(world: DestinationTestsWorld) {
    this.#world = world
  }

  readonly testNew: HandlerOf<typeof testNewDestination> = async (request) => {
    const { body } = request
    const principal = principalOf(request)
    if (body.kind === 'hosted')
      throw badRequest([{ pointer: '/kind', detail: 'must be imap: a hosted login is there once it is made' }])
    const destination = newDestination(body, principal)
    if (destination.kind === 'hosted') throw new Error('a hosted destination is refused before')
    const record = await newElsewhere(this.#world, body, destination, guardedBy(principal, destination))
    if (destination.auth === 'oauth2') return examined({ ...nothingSeen, failure: signInNeeded(destination.user) })
    return examined(await examineStore(await this.#loginOf(record)))
  }

  readonly test: HandlerOf<typeof testDestination> = async (request) => {
    const { id } = request.params
    const registered = await findDestination(this.#world.destinations, id)
    const isAsItIs = Object.keys(request.body).length === 0
    // Where the password that is kept goes is decided by who may change the destination.
    if (!isAsItIs && principalOf(request).scope !== 'admin')
      throw new Problem('scope', 'To try a destination with other settings needs the scope admin.')
    const record = isAsItIs ? registered : await this.#changed(registered, request.body, principalOf(request))
    const { destination, guarded } = record
    let login = await this.#loginOf(record)
    if (destination.kind === 'imap' && destination.auth === 'oauth2') {
      const holder = { kind: 'destination', id, login: destination, guarded: guarded === true } as const
      login = { ...login, accessToken: async (refused) => await this.#world.accessTokens.of(holder, { refused }) }
    }
    const seen = await examineStore(login).catch((error: unknown) => {
      // Nobody could get a token.
      if (!(error instanceof SessionFailed)) throw error
      return { ...nothingSeen, failure: error.failure }
    })
    const answer = examined(seen)
    // With a password of its own the test may have met another server: what is shown there is not this destination's.
    if (answer.fingerprint !== null && request.body.password === undefined)
      await noteShownCertificate(this.#world.redis, id, answer.fingerprint)
    return answer
  }

  async #changed(
    record: DestinationRecord,
    body: schemas.DestinationPatch,
    principal: Principal,
  ): Promise<DestinationRecord> {
    const { destination } = record
    if (destination.kind === 'hosted')
      throw badRequest([{ pointer: '', detail: 'must be empty: a hosted login is tried as it is' }])
    const mistakes = patchMistakes(destination, body, principal)
    if (mistakes.length > 0) throw badRequest(mistakes)
    await demandPlaces(this.#world, principal, record, body)
    const shown = await shownByDestination(this.#world, destination.id)
    return patchedDestination(record, body, { passwordHash: undefined, seal: this.#world.seal, principal, shown })
  }

  async #loginOf(record: DestinationRecord): Promise<Login> {
    const { seal, settings, proxy, store } = this.#world
    return loginOf(targetOf(record, seal, await settings.get(), proxy), store)
  }
}

const nothingSeen = { messages: 0, capabilities: [], tls: null }

const signInNeeded = (mailbox: string): Failure => ({ kind: 'sign-in needed', mailbox, reason: null })

function examined({ failure, tls, messages, capabilities }: Awaited<ReturnType<typeof examineStore>>) {
  const [named = null] = failure === null ? [] : fingerprintsOf(failure)
  const seen = { messages, capabilities: [...capabilities], tls, fingerprint: tls?.fingerprint ?? named }
  if (failure === null) return { ok: true, ...seen, failure: null }
  const step = knownStep(failure)
  return { ok: false, ...seen, failure: askedReportOf(failure), ...(step === undefined ? {} : { step }) }
}
