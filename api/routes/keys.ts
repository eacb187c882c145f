/** `/keys`: what passwords and secrets are sealed with, and a new key while everything runs. */
import type { Redis } from 'ioredis'
import { type KeyRing, ReadOnly } from '../../src/disk/key-ring.ts'
import { apiLimits } from '../limits.ts'
import type { Logger } from '../../src/log.ts'
import { recordsByKey, reseal } from '../../src/redis/sealed.ts'
import type { Seal } from '../../src/seal.ts'
import type { App } from '../app.ts'
import { Problem } from '../http/problems.ts'
import * as schemas from '../schemas/keys.ts'

export interface KeysWorld {
  readonly redis: Redis
  readonly ring: KeyRing
  readonly seal: Seal
  readonly log: Logger
}

/** Brings all that is sealed under the newest key: at the start, after a rotation, after a restore; one at a time. */
export class Resealing {
  readonly #world: KeysWorld
  readonly #stop = new AbortController()
  #work: Promise<void> | undefined
  #again = false

  constructor(world: KeysWorld) {
    this.#world = world
  }

  get underWay(): boolean {
    return this.#work !== undefined
  }

  /** What is asked for while it goes on is done after it. */
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
      // It goes on with the next start or rotation; until then all opens as before.
      log.warn({ event: 'resealing broke', reason: error instanceof Error ? error.message : String(error) })
    }
  }
}

export function addKeys(app: App, { redis, ring }: KeysWorld, resealing: Resealing): void {
  const view = async () => {
    // Looked at first: a count from before its end would be told as what is left of it.
    const { underWay } = resealing
    const counted = await recordsByKey(redis)
    const all = ring.all()
    const present = all.map(({ id, createdAt }, nth) => ({
      id,
      createdAt,
      state: nth === 0 ? ('sealing' as const) : ('opening' as const),
      records: counted.get(id) ?? 0,
    }))
    const missing = [...counted].filter(([id]) => !all.some((key) => key.id === id))
    return {
      items: [
        ...present,
        ...missing.map(([id, records]) => ({ id, createdAt: null, state: 'missing' as const, records })),
      ],
      resealing: underWay,
    }
  }

  app.get(
    '/keys',
    {
      config: { scope: 'admin', instance: true },
      schema: {
        operationId: 'listKeys',
        summary: 'List the keys that passwords and secrets are sealed with',
        description: 'The newest first; that one seals. Never the keys themselves.',
        response: { 200: schemas.Keys },
      },
    },
    async () => await view(),
  )

  app.post(
    '/keys/rotate',
    {
      config: { scope: 'admin', instance: true },
      schema: {
        operationId: 'rotateKeys',
        summary: 'Seal everything with a new key',
        description:
          'Adds a key in front of the others, and seals every record again in the background; GET /keys tells how far that is. Runs go on. The keys before it stay, and open backups of before, until POST /keys/prune.',
        problems: ['conflict'],
        response: { 202: schemas.Keys },
      },
    },
    async (_request, reply) => {
      writing(ring, () => ring.add(Date.now()))
      resealing.begin()
      return await reply.code(202).send(await view())
    },
  )

  app.post(
    '/keys/prune',
    {
      config: { scope: 'admin', instance: true },
      schema: {
        operationId: 'pruneKeys',
        summary: 'Forget the keys that nothing is sealed with any more',
        problems: ['conflict'],
        description: `Not before ${apiLimits.keySettledMs / 60_000} minutes after the one that came after: a request may still be at work with it. A backup that was made under such a key cannot be restored any more without it.`,
        response: { 200: schemas.Keys },
      },
    },
    async () => {
      const all = ring.all()
      const counted = await recordsByKey(redis)
      const settledMs = Date.now() - apiLimits.keySettledMs
      const idle = all.filter(({ id }, nth) => {
        const successor = all[nth - 1]
        return successor !== undefined && !counted.has(id) && Date.parse(successor.createdAt ?? '') < settledMs
      })
      if (idle.length > 0) writing(ring, () => ring.drop(new Set(idle.map(({ id }) => id))))
      return await view()
    },
  )
}

/** What keeps a ring from being changed here, and how it is done instead. */
function writing({ place }: KeyRing, change: () => void): void {
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
