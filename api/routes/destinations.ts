/** `/destinations` (CONTRACT section 3). */
import { hostMistakes, type Mistake, secretMistakes } from '../../src/account/account.ts'
import { type Destination, destinationDefaults } from '../../src/account/destination.ts'
import type { Pause } from '../../src/failure/consequence.ts'
import type { DestinationId } from '../../src/mail/message.ts'
import type { Accounts } from '../../src/redis/accounts.ts'
import type { DestinationRecord, Destinations } from '../../src/redis/destinations.ts'
import type { Pauses } from '../../src/redis/pauses.ts'
import type { PullQueue } from '../../src/redis/queue.ts'
import type { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import type { Webhooks } from '../../src/redis/webhooks.ts'
import type { Seal } from '../../src/seal.ts'
import { type App, newId } from '../app.ts'
import type { Principal } from '../http/auth.ts'
import { cursorOf, idIn } from '../http/cursor.ts'
import { demandSeen, tag } from '../http/etag.ts'
import { demandReach, guardedBy } from '../http/reach.ts'
import type { HostedLogins } from '../hosted-logins.ts'
import { passwordHash as hashOf } from '../http/passwords.ts'
import { badRequest, Problem, unknown } from '../http/problems.ts'
import { listOf, Nothing } from '../schemas/answers.ts'
import * as schemas from '../schemas/destinations.ts'
import { Id, IfMatch, IfNoneMatch } from '../schemas/requests.ts'

export interface DestinationsWorld {
  readonly destinations: Destinations
  readonly accounts: Accounts
  readonly pauses: Pauses
  readonly queue: PullQueue
  readonly hosted: HostedLogins
  readonly seal: Seal
  readonly settings: InstanceSettingsStore
  readonly webhooks: Webhooks
}

export function addDestinations(
  app: App,
  { destinations, accounts, pauses, queue, hosted, seal, settings, webhooks }: DestinationsWorld,
): void {
  const find = async (id: string): Promise<DestinationRecord> => {
    const record = await destinations.get(id)
    if (record === undefined) throw unknown('destination', id)
    return record
  }
  const views = async (records: readonly DestinationRecord[]) => {
    const ids = records.map(({ destination }) => destination.id)
    const [paused, counts] = await Promise.all([pauses.of(ids), accounts.counts(ids)])
    return records.map((record, nth) => viewOf(record, paused[nth], counts[nth] ?? 0))
  }
  const view = async (record: DestinationRecord) => {
    const [only] = await views([record])
    if (only === undefined) throw unknown('destination', record.destination.id)
    return only
  }

  app.post(
    '/destinations',
    {
      config: { scope: 'admin', instance: true },
      schema: {
        operationId: 'createDestination',
        summary: 'Make a destination',
        problems: ['taken', 'store-unavailable'],
        body: schemas.NewDestination,
        response: { 201: schemas.Destination },
      },
    },
    async ({ body, principal }, reply) => {
      const destination = destinationOf(body)
      const guarded = destination.kind === 'hosted' ? {} : guardedBy(principal, destination)
      if (destination.kind === 'imap') await demandReach(settings, guarded, 'imap', destination)
      const record: DestinationRecord =
        destination.kind === 'hosted'
          ? { destination, passwordHash: await hashOf(body.password), sealedPassword: null }
          : {
              destination,
              passwordHash: null,
              sealedPassword: seal.seal(body.password, destination.id, 'password'),
              ...guarded,
            }
      if ((await destinations.create(record)) === 'conflict') {
        throw new Problem('taken', `The login ${body.login} is taken; choose another.`, [
          { pointer: '/login', detail: 'is taken' },
        ])
      }
      if (destination.kind === 'hosted') {
        try {
          await hosted.admit(destination.login, body.password)
        } catch (error) {
          // Nothing half-made: whoever asks again must not find the login taken.
          await destinations.remove(destination.id)
          await hosted.write()
          throw error
        }
      }
      tag(reply, record)
      return await reply
        .code(201)
        .header('location', `/api/v1/destinations/${destination.id}`)
        .send(viewOf(record, undefined, 0))
    },
  )

  app.get(
    '/destinations',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listDestinations',
        summary: 'List destinations',
        description:
          'A search (q) looks at up to 5,000 for one page: it may then come short of its limit and have a next.',
        querystring: schemas.DestinationQuery,
        response: { 200: listOf(schemas.Destination) },
      },
    },
    async ({ query, principal }) => {
      if (principal.destinationId !== undefined)
        return { items: await views([await find(principal.destinationId)]), next: null }
      const { items, next } = await destinations.page(query.limit, idIn(query.cursor), query.q)
      return { items: await views(items), next: cursorOf(next) }
    },
  )

  app.get(
    '/destinations/:id',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'readDestination',
        summary: 'Read a destination',
        params: Id,
        headers: IfNoneMatch,
        response: { 200: schemas.Destination },
      },
    },
    async ({ params }, reply) => {
      const record = await find(params.id)
      tag(reply, record)
      return await view(record)
    },
  )

  app.patch(
    '/destinations/:id',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'changeDestination',
        summary: 'Change a destination',
        problems: ['store-unavailable'],
        params: Id,
        headers: IfMatch,
        body: schemas.DestinationPatch,
        response: { 200: schemas.Destination },
      },
    },
    async (request, reply) => {
      const {
        params: { id },
        body,
        principal,
      } = request
      const { destination, guarded } = await find(id)
      const mistakes = patchMistakes(destination, body)
      if (mistakes.length > 0) throw badRequest(mistakes)
      if (destination.kind === 'imap' && (body.host !== undefined || body.port !== undefined)) {
        const after = { host: destination.host, port: destination.port, ...body }
        await demandReach(settings, guardedBy(principal, after, { ...destination, guarded }), 'imap', after)
      }
      const passwordHash =
        destination.kind === 'hosted' && body.password !== undefined ? await hashOf(body.password) : undefined
      const changed = await destinations.update(id, (before) => {
        demandSeen(request, before, `The destination ${id}`)
        return patched(before, body, passwordHash, seal, principal)
      })
      if (changed === undefined) throw unknown('destination', id)
      if (destination.kind === 'hosted' && body.password !== undefined)
        await hosted.admit(destination.login, body.password)
      // Tried at once: the change may have cured what ailed it.
      await queue.release(await pauses.lift(id))
      tag(reply, changed)
      return await view(changed)
    },
  )

  app.delete(
    '/destinations/:id',
    {
      config: { scope: 'admin', instance: true },
      schema: {
        operationId: 'removeDestination',
        summary: 'Remove a destination',
        problems: ['in-use', 'store-unavailable'],
        description: 'Hosted mail is kept unless purge=true.',
        params: Id,
        headers: IfMatch,
        querystring: schemas.Purge,
        response: { 204: Nothing },
      },
    },
    async (request, reply) => {
      const {
        params: { id },
        query: { purge },
      } = request
      const removed = await destinations.remove(id, (before) => demandSeen(request, before, `The destination ${id}`))
      if (removed === 'in use')
        throw new Problem(
          'in-use',
          `Accounts still gather into the destination ${id}; remove them or give them another one first.`,
        )
      if (removed === 'unknown') throw unknown('destination', id)
      await webhooks.removeOf(id)
      const { destination } = removed
      if (destination.kind === 'hosted') {
        if (purge) await hosted.empty(destination.login)
        await hosted.dismiss()
        if (purge) await hosted.removeFiles(destination.login)
      }
      return await reply.code(204).send()
    },
  )
}

/** Fields of an `imap` destination that have defaults. */
const optional = ['port', 'tls', 'tlsVerify', 'tlsFingerprint'] as const

function destinationOf(body: schemas.NewDestination): Destination {
  const mistakes: Mistake[] = []
  const belongs = body.kind === 'hosted' ? ['login'] : ['host', 'user', ...optional]
  for (const field of ['login', 'host', 'user', ...optional] as const) {
    const given = body[field] !== undefined
    if (given && !belongs.includes(field))
      mistakes.push({ pointer: `/${field}`, detail: `is no field of a destination of kind ${body.kind}` })
    if (!given && ['login', 'host', 'user'].includes(field) && belongs.includes(field))
      mistakes.push({ pointer: `/${field}`, detail: 'is required' })
  }
  const login = body.login?.toLowerCase() ?? ''
  if (login === '.' || login === '..') mistakes.push({ pointer: '/login', detail: 'must be more than dots' })
  if (body.host !== undefined) mistakes.push(...hostMistakes(body.host))
  mistakes.push(...secretMistakes(body.user ?? '', body.password))
  if (mistakes.length > 0) throw badRequest(mistakes)
  const made = { id: newId() as DestinationId, createdAtMs: Date.now() }
  if (body.kind === 'hosted') return { ...made, kind: 'hosted', login }
  const { host = '', tls = destinationDefaults.tls, user = '', tlsVerify = destinationDefaults.tlsVerify } = body
  const port = body.port ?? (tls === 'implicit' ? 993 : 143)
  const tlsFingerprint = fingerprintOf(body.tlsFingerprint ?? destinationDefaults.tlsFingerprint)
  return { ...made, kind: 'imap', host, port, tls, tlsVerify, tlsFingerprint, user }
}

function fingerprintOf(hex: string | null): string | null {
  return hex === null ? null : hex.replaceAll(':', '').toLowerCase()
}

function patchMistakes(destination: Destination, body: schemas.DestinationPatch): Mistake[] {
  const foreign = (['host', 'user', ...optional] as const).filter((field) => body[field] !== undefined)
  return [
    ...(destination.kind === 'hosted' ? foreign : []).map((field) => ({
      pointer: `/${field}`,
      detail: 'is no field of a hosted destination',
    })),
    ...(body.host === undefined ? [] : hostMistakes(body.host)),
    ...secretMistakes(body.user ?? '', body.password),
  ]
}

function patched(
  before: DestinationRecord,
  body: schemas.DestinationPatch,
  passwordHash: string | undefined,
  seal: Seal,
  principal: Principal,
): DestinationRecord {
  const { destination, guarded, ...rest } = before
  if (destination.kind === 'hosted') return { ...before, passwordHash: passwordHash ?? before.passwordHash }
  const { password, tlsFingerprint = destination.tlsFingerprint, ...fields } = body
  const after = { ...destination, ...fields, tlsFingerprint: fingerprintOf(tlsFingerprint) }
  return {
    ...rest,
    ...guardedBy(principal, after, { ...destination, guarded }),
    destination: after,
    sealedPassword: password === undefined ? before.sealedPassword : seal.seal(password, destination.id, 'password'),
  }
}

function viewOf(
  { destination: { createdAtMs, ...rest } }: DestinationRecord,
  pause: Pause | undefined,
  accounts: number,
) {
  const paused = pause !== undefined && pause.pausedUntilMs > Date.now()
  return {
    ...rest,
    status: paused ? ('paused' as const) : ('ok' as const),
    pausedUntil: paused ? new Date(pause.pausedUntilMs).toISOString() : null,
    failure: pause?.failure ?? null,
    accounts,
    createdAt: new Date(createdAtMs).toISOString(),
  }
}
