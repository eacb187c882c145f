/** `/destinations` (CONTRACT section 3). */
import { type Destination, destinationDefaults, hostMistakes, type Mistake, secretMistakes } from '../src/account.ts'
import type { Pause } from '../src/consequence.ts'
import type { DestinationId } from '../src/message.ts'
import type { DestinationRecord, Destinations } from '../src/redis/destinations.ts'
import type { Pauses } from '../src/redis/pauses.ts'
import type { PullQueue } from '../src/redis/queue.ts'
import type { Seal } from '../src/seal.ts'
import { type App, newId } from './app.ts'
import { cursorOf, idIn } from './cursor.ts'
import type { HostedLogins } from './hosted.ts'
import { passwordHash as hashOf } from './passwords.ts'
import { badRequest, Problem, unknown } from './problems.ts'
import * as schemas from './schemas.ts'

export interface DestinationsWorld {
  readonly destinations: Destinations
  readonly pauses: Pauses
  readonly queue: PullQueue
  readonly hosted: HostedLogins
  readonly seal: Seal
}

export function addDestinations(app: App, { destinations, pauses, queue, hosted, seal }: DestinationsWorld): void {
  const find = async (id: string): Promise<DestinationRecord> => {
    const record = await destinations.get(id)
    if (record === undefined) throw unknown('destination', id)
    return record
  }
  const views = async (records: readonly DestinationRecord[]) => {
    const paused = await pauses.of(records.map(({ destination }) => destination.id))
    return records.map((record, nth) => viewOf(record, paused[nth]))
  }

  app.post(
    '/destinations',
    {
      config: { scope: 'admin', instance: true },
      schema: { summary: 'Make a destination', body: schemas.NewDestination, response: { 201: schemas.Destination } },
    },
    async ({ body }, reply) => {
      const destination = destinationOf(body)
      const record: DestinationRecord =
        destination.kind === 'hosted'
          ? { destination, passwordHash: await hashOf(body.password), sealedPassword: null }
          : { destination, passwordHash: null, sealedPassword: seal.seal(body.password, destination.id, 'password') }
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
          await destinations.remove(record)
          await hosted.write()
          throw error
        }
      }
      return await reply
        .code(201)
        .header('location', `/api/v1/destinations/${destination.id}`)
        .send(viewOf(record, undefined))
    },
  )

  app.get(
    '/destinations',
    {
      config: { scope: 'read' },
      schema: {
        summary: 'List destinations',
        querystring: schemas.Page,
        response: { 200: schemas.listOf(schemas.Destination) },
      },
    },
    async ({ query, principal }) => {
      if (principal.destinationId !== undefined)
        return { items: await views([await find(principal.destinationId)]), next: null }
      const { items, next } = await destinations.page(query.limit, idIn(query.cursor))
      return { items: await views(items), next: cursorOf(next) }
    },
  )

  app.get(
    '/destinations/:id',
    {
      config: { scope: 'read' },
      schema: { summary: 'Read a destination', params: schemas.Id, response: { 200: schemas.Destination } },
    },
    async ({ params }) => viewOf(await find(params.id), (await pauses.of([params.id]))[0]),
  )

  app.patch(
    '/destinations/:id',
    {
      config: { scope: 'admin' },
      schema: {
        summary: 'Change a destination',
        params: schemas.Id,
        body: schemas.DestinationPatch,
        response: { 200: schemas.Destination },
      },
    },
    async ({ params: { id }, body }) => {
      const { destination } = await find(id)
      const mistakes = patchMistakes(destination, body)
      if (mistakes.length > 0) throw badRequest(mistakes)
      const passwordHash =
        destination.kind === 'hosted' && body.password !== undefined ? await hashOf(body.password) : undefined
      const changed = await destinations.update(id, (before) => patched(before, body, passwordHash, seal))
      if (changed === undefined) throw unknown('destination', id)
      if (destination.kind === 'hosted' && body.password !== undefined)
        await hosted.admit(destination.login, body.password)
      // Tried at once: the change may have cured what ailed it.
      await queue.release(await pauses.lift(id))
      return viewOf(changed, undefined)
    },
  )

  app.delete(
    '/destinations/:id',
    {
      config: { scope: 'admin', instance: true },
      schema: {
        summary: 'Remove a destination',
        description: 'Hosted mail is kept unless purge=true.',
        params: schemas.Id,
        querystring: schemas.Purge,
      },
    },
    async ({ params: { id }, query: { purge } }, reply) => {
      const record = await find(id)
      const { destination } = record
      const removed = await destinations.remove(record)
      if (removed === 'in use')
        throw new Problem(
          'in-use',
          `Accounts still gather into the destination ${id}; remove them or give them another one first.`,
        )
      if (removed === 'unknown') throw unknown('destination', id)
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
): DestinationRecord {
  const { destination } = before
  if (destination.kind === 'hosted') return { ...before, passwordHash: passwordHash ?? before.passwordHash }
  const { password, tlsFingerprint = destination.tlsFingerprint, ...fields } = body
  return {
    ...before,
    destination: { ...destination, ...fields, tlsFingerprint: fingerprintOf(tlsFingerprint) },
    sealedPassword: password === undefined ? before.sealedPassword : seal.seal(password, destination.id, 'password'),
  }
}

function viewOf({ destination: { createdAtMs, ...rest } }: DestinationRecord, pause: Pause | undefined) {
  const paused = pause !== undefined && pause.pausedUntilMs > Date.now()
  return {
    ...rest,
    status: paused ? ('paused' as const) : ('ok' as const),
    pausedUntil: paused ? new Date(pause.pausedUntilMs).toISOString() : null,
    failure: pause?.failure ?? null,
    createdAt: new Date(createdAtMs).toISOString(),
  }
}
