/**
 * Stores the pauses of destinations, to which no scheduled run goes for now, and the accounts that wait for the end of each
 * (docs/decisions/0012).
 */
import type { Redis } from 'ioredis'
import { endsWithAnswer, type Pause, pauseAfter, troubleAfter } from '../failure/consequence.ts'
import type { Failure } from '../failure/failure.ts'
import { type KeptStep, keptStep, wholeStep } from '../failure/kept-step.ts'
import { readable } from '../readable.ts'
import { redisLimits } from './limits.ts'
import type { AccountId } from '../mail/message.ts'
import { tellEvent } from './events.ts'
import { keys } from './key-names.ts'
import { replaced } from './replaced.ts'
import { script } from './scripts.ts'

const liftPause = script<AccountId[]>('lift-pause', 2)

/** Undefined for one that cannot be read: it is over. */
function pauseIn(json: string | null | undefined): Pause | undefined {
  const pause = readable<KeptPause>(json, 'failure', 'pausedUntilMs')
  if (pause === undefined) return undefined
  const { step, ...failure } = pause.failure
  return { ...pause, failure: step === undefined ? failure : { ...failure, step: wholeStep(step) } }
}

/** Of one from before 2026-11-30 kind and message are known. */
type KeptPause = Omit<Pause, 'failure'> & {
  readonly failure: Omit<Pause['failure'], 'step'> & { readonly step?: KeptStep }
}

function jsonOf(pause: Pause): string {
  const { kind, message, happened, step } = pause.failure
  const kept: KeptPause = {
    ...pause,
    failure: {
      kind,
      message,
      ...(happened === undefined ? {} : { happened }),
      ...(step === undefined ? {} : { step: keptStep(step) }),
    },
  }
  return JSON.stringify(kept)
}

export class Pauses {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Gives the last pause of each, even if it is over, until a run has gone well there. */
  async of(destinationIds: readonly string[]): Promise<(Pause | undefined)[]> {
    if (destinationIds.length === 0) return []
    const found = await this.#redis.hmget(keys.pauses, ...destinationIds)
    return found.map(pauseIn)
  }

  /** Gives the pauses that are not over, by destination. */
  async lasting(nowMs: number): Promise<Map<string, Pause>> {
    const all = Object.entries(await this.#redis.hgetall(keys.pauses))
    const read = all.flatMap(([id, json]) => {
      const pause = pauseIn(json)
      return pause === undefined ? [] : [[id, pause] as const]
    })
    return new Map(read.filter(([, { pausedUntilMs }]) => pausedUntilMs > nowMs))
  }

  /** @param isHosted it is in the hosted store. */
  async pause(destinationId: string, failure: Failure, nowMs: number, isHosted = false): Promise<Pause> {
    const hosted = isHosted && failure.kind === 'store unreachable' ? ({ hosted: true } as const) : {}
    const json = await replaced(this.#redis, { hash: keys.pauses, field: destinationId }, (before) => {
      const last = pauseIn(before)
      return jsonOf({ ...pauseAfter(failure, last, nowMs), ...hosted })
    })
    const pause = pauseIn(json) as Pause
    const pausedUntil = new Date(pause.pausedUntilMs).toISOString()
    await tellEvent(this.#redis, 'destination', destinationId, { id: destinationId, status: 'paused', pausedUntil })
    return pause
  }

  /** Notes a run that stored nothing there because of the store. @returns whether the destination counts as failing from now on. */
  async trouble(destinationId: string, accountId: AccountId, failure: Failure, nowMs: number): Promise<boolean> {
    let begins = false
    await replaced(this.#redis, { hash: keys.pauses, field: destinationId }, (json) => {
      const before = pauseIn(json)
      const after = troubleAfter(failure, accountId, before, nowMs)
      begins = after?.failing === true && before?.failing !== true
      return after && jsonOf(after)
    })
    if (begins)
      await tellEvent(this.#redis, 'destination', destinationId, {
        id: destinationId,
        status: 'failing',
        pausedUntil: null,
      })
    return begins
  }

  /** Remembers accounts that were moved to the end of the pause, so that they come earlier if it is lifted. */
  async hold(destinationId: string, accountIds: readonly AccountId[], { pausedUntilMs }: Pause): Promise<void> {
    if (accountIds.length === 0) return
    const waiting = keys.held(destinationId)
    await this.#redis
      .multi()
      .sadd(waiting, ...accountIds)
      .pexpireat(waiting, pausedUntilMs + redisLimits.resumeSpreadMs)
      .exec()
  }

  /**
   * Ends a pause before its time, because the store answers. It is remembered until a run has gone well: the next one is longer.
   *
   * @returns the accounts that were held.
   */
  async cutShort(destinationId: string, nowMs: number): Promise<AccountId[]> {
    await replaced(this.#redis, { hash: keys.pauses, field: destinationId }, (json) => {
      const pause = pauseIn(json)
      return pause && endsWithAnswer(pause) ? jsonOf({ ...pause, pausedUntilMs: nowMs }) : undefined
    })
    const waiting = keys.held(destinationId)
    const [held] = (await this.#redis.multi().smembers(waiting).del(waiting).exec()) ?? []
    await tellEvent(this.#redis, 'destination', destinationId, { id: destinationId, status: 'ok', pausedUntil: null })
    return (held?.[1] ?? []) as AccountId[]
  }

  /** Ends the pause, and returns the accounts that were held. */
  async lift(destinationId: string): Promise<AccountId[]> {
    const held = await liftPause(this.#redis, [keys.pauses, keys.held(destinationId)], [destinationId])
    await tellEvent(this.#redis, 'destination', destinationId, { id: destinationId, status: 'ok', pausedUntil: null })
    return held
  }
}
