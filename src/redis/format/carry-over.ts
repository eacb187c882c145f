/**
 * Carries the data in Redis over to the format that this program writes, when it starts (docs/decisions/0025). If it is killed anywhere
 * in between, it goes on at the next start; nobody works with the data meanwhile.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { keys } from '../key-names.ts'
import { redisLimits } from '../limits.ts'
import { keysLike } from '../nodes.ts'
import { processesAlive } from '../processes.ts'
import { removeEverything } from '../restore.ts'
import { script } from '../scripts.ts'
import { FormatLock, underLock } from './lock.ts'
import { carrying, FormatRefused, type Mark, readMark, refuseNewer, stampedMark } from './mark.ts'
import { formatOf, formatSteps, runSteps, type FormatStep } from './steps.ts'

const beginCarrying = script<0 | 1>('begin-carrying', 4)

export type CarryOverNews =
  | { readonly event: 'data wait'; readonly for: readonly string[] }
  | { readonly event: 'data carried over by another process' }
  | { readonly event: 'data are carried over'; readonly from: number; readonly to: number; readonly backup: string }
  | { readonly event: 'step done'; readonly step: string; readonly format: number }
  | { readonly event: 'data carried over'; readonly from: number; readonly to: number; readonly ms: number }
  | { readonly event: 'unfinished restore removed' }

export interface CarryOver {
  readonly redis: Redis
  /** The version of this program, for people. */
  readonly version: string
  /** Writes a backup of the data in their present format, and returns its place. */
  readonly backup: (format: number) => Promise<string>
  readonly tell: (news: CarryOverNews) => void
  /** Tests give their own steps. */
  readonly steps?: readonly FormatStep[]
  readonly waitMs?: number
}

/**
 * Returns once the data have the format of this program.
 *
 * @throws FormatRefused if a newer version has written them, or if other processes do not stop using them.
 */
export async function carryOver(world: CarryOver): Promise<void> {
  const format = formatOf(world.steps ?? formatSteps)
  let told = false
  for (;;) {
    const mark = await stampedMark(world.redis, format, world.version)
    await refuseNewer(world.redis, mark, format, world.version)
    if (isSettledAt(mark, format)) return
    const lock = await FormatLock.take(world.redis)
    if (lock === undefined) {
      if (!told) world.tell({ event: 'data carried over by another process' })
      told = true
      await delay(redisLimits.formatLookedAtMs)
      continue
    }
    try {
      await new Carrying(world, lock, format).run()
    } finally {
      await lock.release()
    }
  }
}

/** Returns once the API has carried the data over to the format of this program. @throws FormatRefused */
export async function untilCarriedOver(redis: Redis, version: string, waiting: () => void): Promise<void> {
  for (let first = true; ; first = false) {
    const mark = await stampedMark(redis, redisLimits.dataFormat, version)
    await refuseNewer(redis, mark, redisLimits.dataFormat, version)
    if (isSettledAt(mark, redisLimits.dataFormat)) return
    if (first) waiting()
    await delay(redisLimits.formatLookedAtMs)
  }
}

function isSettledAt(mark: Mark, format: number): boolean {
  return mark.state === 'settled' && mark.format === format
}

/** The part that is done under the lock. */
class Carrying {
  readonly #world: CarryOver
  readonly #lock: FormatLock
  readonly #format: number

  constructor(world: CarryOver, lock: FormatLock, format: number) {
    this.#world = world
    this.#lock = lock
    this.#format = format
  }

  async run(): Promise<void> {
    const { redis, tell, steps = formatSteps } = this.#world
    const mark = await readMark(redis)
    if (mark.state === 'restoring') {
      await removeEverything(redis)
      await this.#settle()
      tell({ event: 'unfinished restore removed' })
      return
    }
    const from = mark.state === 'settled' ? mark.format : mark.from
    // The process that had the lock before has carried the data over.
    if (from >= this.#format) return
    await this.#begin(mark, from)
    const startedMs = performance.now()
    const backup = await this.#backedUp(from)
    tell({ event: 'data are carried over', from, to: this.#format, backup })
    await runSteps({ redis, lock: this.#lock, steps, from }, async (step, format) => {
      if (format < this.#format)
        await this.#lock.write([['HSET', keys.format, 'number', carrying(format, this.#format)]])
      tell({ event: 'step done', step: step.name, format })
    })
    await this.#settle()
    tell({ event: 'data carried over', from, to: this.#format, ms: Math.round(performance.now() - startedMs) })
  }

  async #settle(): Promise<void> {
    await this.#lock.write([['HSET', keys.format, 'number', this.#format, 'writtenBy', this.#world.version]])
  }

  /** Waits until nobody works with the data, and marks them. @throws FormatRefused */
  async #begin({ state }: Mark, from: number): Promise<void> {
    const { redis, tell, waitMs = redisLimits.formatAloneWaitMs } = this.#world
    const untilMs = performance.now() + waitMs
    let marked = false
    let told = ''
    for (;;) {
      // If a process without a number has begun a run in between, that run ends by itself, like its lease.
      const busy = [...(await processesAlive(redis)), ...(await leasesOf(redis))]
      if (busy.length === 0 && marked) return
      if (busy.length === 0) marked = await this.#marked()
      else if (busy.join() !== told) tell({ event: 'data wait', for: busy })
      told = busy.join()
      if (performance.now() > untilMs) {
        if (marked && state === 'settled') await this.#lock.write([['HSET', keys.format, 'number', from]])
        throw new FormatRefused(busySentence(from, this.#format, busy, waitMs))
      }
      if (busy.length > 0) await delay(Math.min(redisLimits.formatLookedAtMs, waitMs))
    }
  }

  async #marked(): Promise<boolean> {
    const names = [keys.formatLock, keys.format, keys.processes, keys.workers]
    return (await underLock(beginCarrying(this.#world.redis, names, [this.#lock.token, this.#format]))) === 1
  }

  /** The backup is written once: if a process was killed in a step, its half-changed data are no state to return to. */
  async #backedUp(from: number): Promise<string> {
    const { redis, backup } = this.#world
    const before = await redis.hget(keys.format, 'backup')
    if (before !== null) return before
    const path = await backup(from)
    await this.#lock.write([['HSET', keys.format, 'backup', path]])
    return path
  }
}

/** The runs that are under way, each by a name for people. */
async function leasesOf(redis: Redis): Promise<string[]> {
  const found = new Set<string>()
  for await (const names of keysLike(redis, keys.lease('*')))
    for (const name of names) found.add(`a run of the account ${/\{(.*)\}/.exec(name)?.[1] ?? name}`)
  return [...found]
}

function busySentence(from: number, to: number, busy: readonly string[], waitMs: number): string {
  const shown = busy.slice(0, 10).join(', ') + (busy.length > 10 ? ` and ${busy.length - 10} more` : '')
  return [
    `The data in this Redis have format ${from} and must be carried over to format ${to}, while nobody works with them.`,
    `After ${Math.round(waitMs / 1000)} s there still were: ${shown === '' ? 'processes that came and went' : shown}.`,
    'Stop every API and worker of another version, and start again. Nothing was changed.',
  ].join(' ')
}
