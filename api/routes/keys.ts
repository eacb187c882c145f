/** `/keys`: the keys by which passwords and secrets are sealed, and how a new one comes into use while everything runs. */
import type { Redis } from 'ioredis'
import { type KeyRing, ReadOnly } from '../../src/disk/key-ring.ts'
import { apiLimits } from '../limits.ts'
import type { Logger } from '../../src/log.ts'
import { recordsByKey, reseal } from '../../src/redis/sealed.ts'
import type { Seal } from '../../src/seal.ts'
import type { App } from '../app.ts'
import { Problem } from '../http/problems.ts'
import { route } from '../http/route.ts'
import * as schemas from '../schemas/keys.ts'

export interface KeysWorld extends ResealingWorld {
  readonly resealing: Resealing
}

export interface ResealingWorld {
  readonly redis: Redis
  readonly ring: KeyRing
  readonly seal: Seal
  readonly log: Logger
}

/** Seals all secrets with the newest key: at the start, after a rotation and after a restore; one pass at a time. */
export class Resealing {
  readonly #world: ResealingWorld
  readonly #stop = new AbortController()
  #work: Promise<void> | undefined
  #again = false

  constructor(world: ResealingWorld) {
    this.#world = world
  }

  get underWay(): boolean {
    return this.#work !== undefined
  }

  /** Begins a pass. If one is under way, another one follows it. */
  begin(): void {
    this.#again = true
    this.#work ??= this.#run().finally(() => {
      this.#work = undefined
    })
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#work
  }

  async #run(): Promise<void> {
    const { redis, ring, seal, log } = this.#world
    const { signal } = this.#stop
    try {
      while (this.#again && !signal.aborted) {
        this.#again = false
        const { resealed, unopened } = await reseal(redis, seal, signal)
        if (resealed > 0) log.info({ event: 'secrets resealed', keyId: ring.newest().id, resealed })
        if (unopened.length > 0)
          log.warn(
            { event: 'secrets unopened', records: unopened.length, some: unopened.slice(0, 10) },
            'No key at hand opens what these records hold: put the key back in the ring, or set their passwords anew',
          )
      }
    } catch (error) {
      // Resealing goes on at the next start or rotation; until then every secret opens as before.
      log.warn({ event: 'resealing broke', reason: error instanceof Error ? error.message : String(error) })
    }
  }
}

export async function keyRoutes(app: App, world: KeysWorld): Promise<void> {
  const { redis, ring, resealing } = world
  app.get('/keys', listKeys, async () => await keysView(world))
  app.post('/keys/rotate', rotateKeys, async (_request, reply) => {
    changeRing(ring, () => ring.add(Date.now()))
    resealing.begin()
    return await reply.code(202).send(await keysView(world))
  })
  app.post('/keys/prune', pruneKeys, async () => {
    const all = ring.all()
    const counted = await recordsByKey(redis)
    const settledMs = Date.now() - apiLimits.keySettledMs
    const idle = all.filter(({ id }, nth) => {
      const successor = all[nth - 1]
      return successor !== undefined && !counted.has(id) && Date.parse(successor.createdAt ?? '') < settledMs
    })
    if (idle.length > 0) changeRing(ring, () => ring.drop(new Set(idle.map(({ id }) => id))))
    return await keysView(world)
  })
}

const access = { scope: 'admin', instance: true } as const

const listKeys = route(access, {
  operationId: 'listKeys',
  summary: 'List the keys that passwords and secrets are sealed with',
  description: 'The newest first; that one seals. Never the keys themselves.',
  response: { 200: schemas.Keys },
})

const rotateKeys = route(access, {
  operationId: 'rotateKeys',
  summary: 'Seal everything with a new key',
  description:
    'Adds a key in front of the others, and seals every record again in the background; GET /keys tells how far that is. Runs go on. The keys before it stay, and open backups of before, until POST /keys/prune.',
  problems: ['conflict'],
  response: { 202: schemas.Keys },
})

const pruneKeys = route(access, {
  operationId: 'pruneKeys',
  summary: 'Forget the keys that nothing is sealed with any more',
  problems: ['conflict'],
  description: `Not before ${apiLimits.keySettledMs / 60_000} minutes after the one that came after: a request may still be at work with it. A backup that was made under such a key cannot be restored any more without it.`,
  response: { 200: schemas.Keys },
})

async function keysView({ redis, ring, resealing }: KeysWorld) {
  // The state is read before the records are counted: otherwise a count from before the end of the pass would be shown as its result.
  const { underWay } = resealing
  const counted = await recordsByKey(redis)
  const all = ring.all()
  const present = all.map(({ id, createdAt }, nth) => ({
    id,
    createdAt,
    state: nth === 0 ? ('sealing' as const) : ('opening' as const),
    records: counted.get(id) ?? 0,
  }))
  const missing = [...counted]
    .filter(([id]) => !all.some((key) => key.id === id))
    .map(([id, records]) => ({ id, createdAt: null, state: 'missing' as const, records }))
  return { items: [...present, ...missing], resealing: underWay }
}

/** @throws Problem if this process may not change the ring; it says how the ring is changed instead. */
function changeRing({ place }: KeyRing, change: () => void): void {
  try {
    change()
  } catch (error) {
    if (!(error instanceof ReadOnly)) throw error
    throw new Problem(
      'conflict',
      `The keys in ${place} are not this process's to change. Put a new key in front of the others there (openssl rand -base64 32; remove those that GET /keys shows with no records to forget them), restart API and workers: what is sealed is then sealed anew by itself.`,
    )
  }
}
