/**
 * Stores when each account is due, and gives out the visits: each claim is one step, so that any number of workers may claim. Who comes
 * first is in scripts/includes/schedule.lua. Times go by Redis' own clock, so callers name waits and no times.
 */
import type { Redis } from 'ioredis'
import { ulid } from 'ulid'
import type { Account, ServerLogin } from '../account/account.ts'
import type { AccountId } from '../mail/message.ts'
import type { RunTask } from '../runs/run.ts'
import { gathered } from '../gathered.ts'
import { Spread } from '../runs/measures.ts'
import { keys, openField } from './key-names.ts'
import { slotsServerOf } from './login-holds.ts'
import { redisLimits } from './limits.ts'
import { type ScriptArgument, script } from './scripts.ts'
import { surely } from './sure-writes.ts'

const claimDue = script<string[]>('claim-due', 1)
const setDue = script<0 | 1>('set-due', 1)
const askVisit = script<[openRunId: string, heldUntilMs: number]>('ask-visit', 1)
const waitVisit = script<1>('wait-visit', 1)
const beginVisits = script<[nowMs: string, ...visits: (BegunEntries | HeldEntries | 0)[]]>('begin-visits', 1)
const holdVisit = script<0 | 1>('hold-visit', 1)
const reachPeer = script<0 | 1>('reach-peer', 1)
const endVisits = script<1>('end-visits', 2)
const placeVisits = script<1>('place-visits', 1)
const shiftDue = script<0 | 1>('shift-due', 2)

/** A visit that was claimed: it has a place until it ends. */
export interface ClaimedVisit {
  readonly accountId: AccountId
  readonly task: RunTask
  /** Somebody asked for it. */
  readonly asked: boolean
  /** When it was due, or asked for, in milliseconds since 1970 by Redis' clock. */
  readonly dueMs: number
}

export type VisitName = Pick<ClaimedVisit, 'accountId' | 'task'>

export interface Claim {
  /** Redis' time. */
  readonly nowMs: number
  /** More visits are due than there are places. */
  readonly isShort: boolean
  readonly visits: readonly ClaimedVisit[]
}

/** What a visit teaches about its server: see scripts/includes/learn.lua. */
export interface Lesson {
  readonly what: 'clean' | 'throttled' | 'refused' | 'own'
  /** The visit was silent, unreachable, or long without bringing anything. */
  readonly slow: boolean
  /** It did not answer: its accounts come back soon once it answers one of them. */
  readonly away?: boolean
  /** The address and port that it reached. */
  readonly peer: string | undefined
}

/** A visit that has ended. */
export interface VisitEnd extends VisitName {
  /** Undefined: the server was not asked. */
  readonly lesson: Lesson | undefined
  /** How long from now the account is due again; undefined if that is written already. */
  readonly afterMs?: number | undefined
  /** What that was reckoned by; undefined: it stands in any case. */
  readonly reckonedBy?: Reckoned | undefined
  /** The visit found nothing to do: it is counted, and nothing else is kept of it. */
  readonly check?: Check | undefined
}

/** By what it was reckoned when an account is due again, as that was when its visit began. */
export interface Reckoned {
  readonly interval: Account['interval']
  /** How long its server wants the next login to wait. */
  readonly leastMs: number
}

export interface Check {
  readonly startedMs: number
  readonly finishedMs: number
  /** The messages that the maildrop showed. */
  readonly listed: number
}

/** What idle visits add to the tallies of the hour and the day, and to the measures. */
export interface CheckTally {
  readonly slots: readonly [hour: string, day: string]
  readonly measured: readonly (readonly [name: string, by: number])[]
}

/** The account as it is when its visit begins. */
export interface BegunVisit<Name extends string> {
  /** Redis' time. */
  readonly nowMs: number
  readonly asked: boolean
  readonly openRunId: string | undefined
  /** The address and port of its server, if that was visited before. */
  readonly peer: string | undefined
  /** The account's entry in each hash that was asked for. */
  readonly entries: Readonly<Record<Name, string | null>>
}

/** A visit that does not begin, because its server wants no login to the mailbox yet (login-holds.ts). */
export interface HeldVisit {
  readonly heldUntilMs: number
  readonly openRunId: string | undefined
}

type BegunEntries = readonly [asked: 0 | 1, openRunId: string | null, peer: string, ...entries: (string | null)[]]
type HeldEntries = readonly [heldUntilMs: string, openRunId: string | null]

export class DueAccounts {
  readonly #redis: Redis
  readonly #begins = new Map<string, (field: string) => Promise<BegunVisit<string> | HeldVisit | undefined>>()

  #intervals = new Spread('tributary_interval_seconds')

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Claims visits that are due, the one that has waited longest first where shares allow it. */
  async claim(): Promise<Claim> {
    const [nowMs, isShort, ...due] = await claimDue(this.#redis, [keys.due], [redisLimits.claimedPerTickMax])
    const visits: ClaimedVisit[] = []
    for (let nth = 0; nth + 1 < due.length; nth += 2) {
      const ms = due[nth + 1] ?? ''
      visits.push({ ...fieldIn(due[nth] ?? ''), asked: ms.startsWith('-'), dueMs: Math.abs(Number(ms)) })
    }
    return { nowMs: Number(nowMs), isShort: Number(isShort) === 1, visits }
  }

  /**
   * Begins a claimed visit: its place lasts on. Visits that begin together are begun in one step.
   *
   * @param names hashes of which the account's entry is read, without their tag.
   * @returns undefined if it was ended already, and is not due again.
   */
  async begin<Name extends string>(
    { accountId, task }: VisitName,
    names: readonly Name[],
  ): Promise<BegunVisit<Name> | HeldVisit | undefined> {
    const kind = names.join(' ')
    const begin = this.#begins.get(kind) ?? gathered(async (fields) => await this.#begin(fields, names))
    this.#begins.set(kind, begin)
    return await begin(openField(accountId, task))
  }

  /**
   * Says that a visit goes on.
   *
   * @param still nothing has come from its server since it was said last; `mute`: not even a greeting.
   * @returns false: it is to give way to others.
   */
  async hold({ accountId, task }: VisitName, still?: 'still' | 'mute'): Promise<boolean> {
    const args = [openField(accountId, task), redisLimits.placeHeldMs, still ?? '']
    return (await holdVisit(this.#redis, [keys.due], args)) === 1
  }

  /** Says which address a visit has reached, at a server of which that was not known. @returns false: the address has no slot left. */
  async reach({ accountId, task }: VisitName, peer: string): Promise<boolean> {
    return (await reachPeer(this.#redis, [keys.due], [openField(accountId, task), peer])) === 1
  }

  async #begin(
    fields: readonly string[],
    names: readonly string[],
  ): Promise<(BegunVisit<string> | HeldVisit | undefined)[]> {
    const args = [redisLimits.placeHeldMs, names.length, ...names, ...fields]
    const [nowMs, ...begun] = await beginVisits(this.#redis, [keys.due], args)
    return begun.map((one) => {
      if (one === 0) return undefined
      if (isHeld(one)) return { heldUntilMs: Number(one[0]), openRunId: one[1] ?? undefined }
      const [asked, openRunId, peer, ...entries] = one
      const read = names.map((name, nth) => [name, entries[nth] ?? null])
      return {
        nowMs: Number(nowMs),
        asked: asked === 1,
        openRunId: openRunId ?? undefined,
        peer: peer === '-' ? undefined : peer,
        entries: Object.fromEntries(read) as Record<string, string | null>,
      }
    })
  }

  /** Ends visits, and gives their places back. */
  async end(ends: readonly VisitEnd[], { slots, measured }: CheckTally): Promise<void> {
    const args: ScriptArgument[] = [...slots, ends.length]
    for (const { accountId, task, lesson, afterMs, reckonedBy, check } of ends) {
      const learnt =
        lesson === undefined ? '' : `${lesson.what}${lesson.slow ? ' slow' : ''}${lesson.away === true ? ' away' : ''}`
      args.push(
        openField(accountId, task),
        learnt,
        lesson?.peer ?? '',
        afterMs === undefined ? '' : Math.round(afterMs),
        reckonedBy === undefined ? '' : JSON.stringify(reckonedBy.interval),
        Math.round(reckonedBy?.leastMs ?? 0),
      )
      if (check === undefined) args.push('', '', '', '')
      // It need only differ from others: Node's secure randomness for each of its chars took 6 % of the worker's time.
      else
        args.push(
          ulid(check.finishedMs, Math.random),
          Math.round(check.startedMs),
          Math.round(check.finishedMs),
          check.listed,
        )
    }
    for (const { check, afterMs } of ends) if (check !== undefined && afterMs !== undefined) this.countInterval(afterMs)
    const { added } = this.#intervals
    this.#intervals = new Spread('tributary_interval_seconds')
    for (const [name, by] of [...measured, ...added]) args.push(name, by)
    await endVisits(this.#redis, [keys.due, keys.measures], args)
  }

  /** Counts the wait after a visit that went well, for `/metrics`; it is written when visits end. */
  countInterval(afterMs: number): void {
    this.#intervals.observe(afterMs)
  }

  /** Sets when an account is due next, from now on. If it was paused, stopped or removed meanwhile, it stays so. */
  async setNext(accountId: AccountId, afterMs: number): Promise<void> {
    await setDue(this.#redis, [keys.due], [accountId, Math.max(0, Math.round(afterMs))])
  }

  /** Stops the visits of an account until it is resumed. */
  async stop(accountId: AccountId): Promise<void> {
    await setDue(this.#redis, [keys.due], [accountId, ''])
  }

  /**
   * Brings an open run to the front of those that wait at its server. Resolves when that, and all that was written to this master before,
   * outlives a fail-over.
   *
   * @returns the id of the open run, '' if there is none: it is forgotten; and until when the visit waits because its server wants no login
   *   yet, in milliseconds since 1970; 0: it does not.
   */
  async ask(
    accountId: AccountId,
    task: RunTask,
  ): Promise<{ readonly openRunId: string; readonly heldUntilMs: number }> {
    const [openRunId, heldUntilMs] = await surely(this.#redis, askVisit, [keys.due], [openField(accountId, task)])
    return { openRunId, heldUntilMs }
  }

  /** Whether other sessions of ours are at a server while one is, or were a moment ago: who turned this one away had counted them. */
  async isShared({ host, port }: Pick<ServerLogin, 'host' | 'port'>): Promise<boolean> {
    const server = slotsServerOf({ host, port })
    const [sessions, others, [seconds], answeredMs] = await Promise.all([
      this.#redis.zcard(keys.slotsAt(server)),
      this.#redis.exists(keys.waitingAt(server)),
      this.#redis.time(),
      this.#redis.hget(keys.serverAt(server), 'answeredMs'),
    ])
    if (sessions > 1) return true
    // An account that is being visited waits nowhere: whoever waits there is another one.
    return others === 1 && Number(seconds) * 1000 - Number(answeredMs) < redisLimits.sharedLatelyMs
  }

  /** Makes a visit wait that cannot be made now. @param firm even if somebody asks for it. */
  async wait({ accountId, task }: VisitName, forMs: number, firm = false): Promise<void> {
    const args = [openField(accountId, task), Math.max(0, Math.round(forMs)), firm ? '!' : '']
    await waitVisit(this.#redis, [keys.due], args)
  }

  /** Puts accounts, or fields of open runs, where they wait, if a crash or an earlier version has left them nowhere. */
  async place(fields: readonly string[]): Promise<void> {
    if (fields.length > 0) await placeVisits(this.#redis, [keys.due], fields)
  }

  /** Gives milliseconds since 1970. Undefined: nothing is scheduled. */
  async earliestMs(): Promise<number | undefined> {
    const [, dueMs] = await this.#redis.zrange(keys.due, '0', '0', 'WITHSCORES')
    return dueMs === undefined ? undefined : Number(dueMs)
  }

  /** Moves the schedule after Redis' clock was stepped: an account that was due in a minute still is, even if the clock shows a year earlier. */
  async shift(byMs: number): Promise<void> {
    await shiftDue(this.#redis, [keys.due, keys.dueShifted], [Math.round(byMs)])
  }
}

function isHeld(entries: BegunEntries | HeldEntries): entries is HeldEntries {
  return entries.length === 2
}

function fieldIn(field: string): VisitName {
  const [accountId = '', task = 'pull'] = field.split(' ')
  return { accountId: accountId as AccountId, task: task as RunTask }
}
