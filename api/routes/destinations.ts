/** `/destinations` (CONTRACT section 3). */
import { shownHost } from '../../src/account/host.ts'
import { choicesOf } from '../../src/account/login.ts'
import type { Pause } from '../../src/failure/consequence.ts'
import type { Accounts } from '../../src/redis/accounts.ts'
import type { DestinationRecord, Destinations } from '../../src/redis/destinations.ts'
import type { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import type { Pauses } from '../../src/redis/pauses.ts'
import type { OAuthApplications } from '../../src/redis/oauth-applications.ts'
import type { OAuthGrants } from '../../src/redis/oauth-grants.ts'
import type { TokenRevocations } from '../../src/redis/token-revocations.ts'
import type { Sessions } from '../../src/redis/sessions.ts'
import { digestOf } from '../../src/redis/tokens.ts'
import type { PullQueue } from '../../src/redis/queue.ts'
import type { Seal } from '../../src/seal.ts'
import type { App } from '../app.ts'
import { newDestination, patchedDestination, patchMistakes } from '../destination-fields.ts'
import { demandPlaces, newElsewhere, shownByDestination } from '../destination-elsewhere.ts'
import { loginTaken, removeDestination, type RemovalWorld } from '../destination-removal.ts'
import type { HostedLogins } from '../hosted-logins.ts'
import type { Session } from '../http/auth.ts'
import { principalOf } from '../http/who.ts'
import { cursorOf, idIn } from '../http/cursor.ts'
import { demandMatch, tag } from '../http/etag.ts'
import { findDestination } from '../http/found.ts'
import { passwordHash } from '../http/passwords.ts'
import { demandPresentPassword, type GuessesWorld } from '../present-password.ts'
import { afterDestinationChange } from '../sign-in-rules.ts'
import { oauthStatuses } from '../sign-in-status.ts'
import { badRequest, unknown } from '../http/problems.ts'
import { guardedBy } from '../http/reach.ts'
import { type HandlerOf, route } from '../http/route.ts'
import { listOf, Nothing } from '../schemas/answers.ts'
import * as schemas from '../schemas/destinations.ts'
import { Id, IfMatch, IfNoneMatch } from '../schemas/requests.ts'

export interface DestinationsWorld extends RemovalWorld, GuessesWorld {
  readonly sessions: Sessions
  readonly destinations: Destinations
  readonly accounts: Accounts
  readonly pauses: Pauses
  readonly queue: PullQueue
  readonly hosted: HostedLogins
  readonly seal: Seal
  readonly settings: InstanceSettingsStore
  readonly applications: OAuthApplications
  readonly grants: OAuthGrants
  readonly revocations: TokenRevocations
  readonly publicUrl: string
}

export async function destinationRoutes(app: App, world: DestinationsWorld): Promise<void> {
  const handlers = new DestinationHandlers(world)
  app.post('/destinations', createDestination, handlers.create)
  app.get('/destinations', listDestinations, handlers.list)
  app.get('/destinations/:id', readDestination, handlers.read)
  app.patch('/destinations/:id', changeDestination, handlers.change)
  app.delete('/destinations/:id', removeRoute, handlers.remove)
}

const createDestination = route(
  { scope: 'admin', instance: true },
  {
    operationId: 'createDestination',
    summary: 'Make a destination',
    problems: ['taken', 'store-unavailable'],
    body: schemas.NewDestination,
    response: { 201: schemas.Destination },
  },
)

const listDestinations = route(
  { scope: 'read' },
  {
    operationId: 'listDestinations',
    summary: 'List destinations',
    description: 'A search (q) looks at up to 5,000 for one page: it may then come short of its limit and have a next.',
    querystring: schemas.DestinationQuery,
    response: { 200: listOf(schemas.Destination) },
  },
)

const readDestination = route(
  { scope: 'read' },
  {
    operationId: 'readDestination',
    summary: 'Read a destination',
    params: Id,
    headers: IfNoneMatch,
    response: { 200: schemas.Destination },
  },
)

const changeDestination = route(
  { scope: 'admin' },
  {
    operationId: 'changeDestination',
    summary: 'Change a destination',
    description:
      'Another password of a hosted login needs the one that it has now (`presentPassword`) of its owner; an admin of the instance needs none. The sessions of the login end, but for the one that sets it.',
    problems: ['store-unavailable'],
    params: Id,
    headers: IfMatch,
    body: schemas.DestinationPatch,
    response: { 200: schemas.Destination },
  },
)

const removeRoute = route(
  { scope: 'admin', instance: true },
  {
    operationId: 'removeDestination',
    summary: 'Remove a destination',
    problems: ['in-use', 'conflict', 'store-unavailable'],
    description:
      'Hosted mail is kept unless purge=true. A purge that broke off goes on when it is asked for again; until it has ended nobody is given the login.',
    params: Id,
    headers: IfMatch,
    querystring: schemas.Purge,
    response: { 204: Nothing },
  },
)

class DestinationHandlers {
  readonly #world: DestinationsWorld

  constructor(world: DestinationsWorld) {
    this.#world = world
  }

  readonly create: HandlerOf<typeof createDestination> = async (request, reply) => {
    const { destinations, hosted } = this.#world
    const { password = '', login } = request.body
    const destination = newDestination(request.body, principalOf(request))
    const { id } = destination
    const guarded = destination.kind === 'hosted' ? {} : guardedBy(principalOf(request), destination)
    const record: DestinationRecord =
      destination.kind === 'hosted'
        ? { destination, passwordHash: await passwordHash(password), sealedPassword: null }
        : await newElsewhere(this.#world, request.body, destination, guarded)
    if ((await destinations.create(record)) === 'conflict')
      throw await loginTaken(destinations, login?.toLowerCase() ?? '')
    if (destination.kind === 'hosted') {
      try {
        await hosted.admit(destination.login, password)
      } catch (error) {
        // Nothing half-made stays, so that the next request does not find the login taken.
        await destinations.remove(id)
        await hosted.write()
        throw error
      }
    }
    tag(reply, record)
    reply.header('location', `/api/v1/destinations/${id}`)
    return await reply.code(201).send(await this.#view(record))
  }

  readonly list: HandlerOf<typeof listDestinations> = async (request) => {
    const { limit, cursor, q } = request.query
    const { destinationId } = principalOf(request)
    if (destinationId !== undefined)
      return { items: await this.#views([await findDestination(this.#world.destinations, destinationId)]), next: null }
    const { items, next } = await this.#world.destinations.page(limit, idIn(cursor), q)
    return { items: await this.#views(items), next: cursorOf(next) }
  }

  readonly read: HandlerOf<typeof readDestination> = async ({ params }, reply) => {
    const record = await findDestination(this.#world.destinations, params.id)
    tag(reply, record)
    return await this.#view(record)
  }

  readonly change: HandlerOf<typeof changeDestination> = async (request, reply) => {
    const { destinations, hosted, queue, pauses, seal } = this.#world
    const {
      params: { id },
      body,
    } = request
    const principal = principalOf(request)
    const found = await findDestination(this.#world.destinations, id)
    const { destination, passwordHash: passwordHashBefore } = found
    const mistakes = patchMistakes(destination, body, principal)
    if (mistakes.length > 0) throw badRequest(mistakes)
    await demandPlaces(this.#world, principal, found, body)
    const newPassword = destination.kind === 'hosted' ? body.password : undefined
    if (destination.kind === 'hosted' && newPassword !== undefined) {
      const { presentPassword } = body
      const shown = { login: destination.login, hash: passwordHashBefore, presentPassword, ip: request.ip }
      // What somebody shows is looked at, also where it is not needed.
      if (principal.destinationId !== undefined || presentPassword !== undefined)
        await demandPresentPassword(this.#world, shown)
    }
    const newHash = newPassword === undefined ? undefined : await passwordHash(newPassword)
    const shown = await shownByDestination(this.#world, id)
    const changed = await destinations.update(id, (before) => {
      demandMatch(request, before, `The destination ${id}`)
      return patchedDestination(before, body, { passwordHash: newHash, seal, principal, shown })
    })
    if (changed === undefined) throw unknown('destination', id)
    if (destination.kind === 'hosted' && newPassword !== undefined) {
      await keepSession(this.#world.sessions, request.session, changed)
      await hosted.admit(destination.login, newPassword)
    }
    if (changed.destination.kind === 'imap') await afterDestinationChange(this.#world, id, changed.destination)
    // The accounts are tried at once, because the change may have removed the destination's fault.
    await queue.release(await pauses.lift(id))
    tag(reply, changed)
    return await this.#view(changed)
  }

  readonly remove: HandlerOf<typeof removeRoute> = async (request, reply) => {
    const { id } = request.params
    const allow = (before: DestinationRecord) => demandMatch(request, before, `The destination ${id}`)
    const grant = await this.#world.grants.get(id)
    await removeDestination(this.#world, id, { purge: request.query.purge, allow })
    this.#world.revocations.ofGrant(id, grant)
    return await reply.code(204).send()
  }

  async #views(records: readonly DestinationRecord[]) {
    const ids = records.map(({ destination }) => destination.id)
    const [paused, counts] = await Promise.all([this.#world.pauses.of(ids), this.#world.accounts.counts(ids)])
    const signIns = await oauthStatuses(
      this.#world,
      records.flatMap(({ destination }) =>
        destination.kind === 'imap' ? [{ id: destination.id, login: destination }] : [],
      ),
    )
    return records.map((record, nth) => ({
      ...destinationView(record, paused[nth], counts[nth] ?? 0),
      oauth: signIns.get(record.destination.id) ?? null,
    }))
  }

  async #view(record: DestinationRecord) {
    const [view] = await this.#views([record])
    if (view === undefined) throw unknown('destination', record.destination.id)
    return view
  }
}

/** The other sessions of the login end with its password; the one that has set it goes on. */
async function keepSession(
  sessions: Sessions,
  session: Session | undefined,
  { destination, passwordHash: hash }: DestinationRecord,
): Promise<void> {
  if (session?.record.proof.kind !== 'login' || session.record.proof.destinationId !== destination.id) return
  if (hash !== null) await sessions.change(session.secret, { ...session.record, against: digestOf(hash) })
}

function destinationView(
  { destination: { createdAtMs, ...fields } }: DestinationRecord,
  pause: Pause | undefined,
  accounts: number,
) {
  const paused = pause !== undefined && pause.pausedUntilMs > Date.now()
  return {
    ...(fields.kind === 'imap' ? { ...fields, ...choicesOf(fields), hostUnicode: shownHost(fields.host) } : fields),
    status: paused ? ('paused' as const) : pause?.failing ? ('failing' as const) : ('ok' as const),
    pausedUntil: paused ? new Date(pause.pausedUntilMs).toISOString() : null,
    // A single account that got nothing in says nothing about the destination yet.
    failure: pause?.unstored === undefined || pause.failing ? (pause?.failure ?? null) : null,
    importBytesPerHour: fields.importBytesPerHour ?? null,
    accounts,
    createdAt: new Date(createdAtMs).toISOString(),
  }
}
