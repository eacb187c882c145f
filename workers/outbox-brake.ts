/** Keeps one visit to an SMTP server to what that server takes, and learns how much that is from what it says (docs/decisions/0094). */
import { hostPort } from '../src/account/server-traits.ts'
import type { Account, ServerLogin } from '../src/account/account.ts'
import type { Failure } from '../src/failure/failure.ts'
import type { AccountRecord } from '../src/redis/account-record.ts'
import type { SendingTurn } from '../src/redis/sending-turns.ts'
import {
  type LimitKind,
  mostOf,
  type ProviderLimits,
  type RatePeriod,
  ratePeriods,
  sendingRates,
  withLearnt,
} from '../src/send/provider-limits.ts'
import { limitIn } from '../src/smtp/limit-words.ts'
import { workerLimits } from './limits.ts'
import { logLimitLearnt } from './outbox-log.ts'
import type { SendWorld } from './outbox-world.ts'

export class SendBrake {
  readonly #world: SendWorld
  readonly #account: Account
  readonly #server: string
  readonly #perHour: number | undefined
  #limits: ProviderLimits
  /** The messages that have a turn, and of which nothing was heard yet. */
  #underWay = 0

  private constructor(world: SendWorld, { account }: AccountRecord, server: string, limits: ProviderLimits) {
    this.#world = world
    this.#account = account
    this.#server = server
    this.#perHour = account.sendLimit?.perHour
    this.#limits = limits
  }

  static async open(world: SendWorld, record: AccountRecord, login: ServerLogin): Promise<SendBrake> {
    const server = hostPort(login)
    return new SendBrake(world, record, server, await world.senders.limits(record.account.id, server))
  }

  get #accountId(): string {
    return this.#account.id
  }

  async lanesMost(): Promise<number> {
    const { sendLanes } = workerLimits
    return Math.min(sendLanes, mostOf(this.#limits, 'connections', await this.#world.sendings.nowMs()) ?? sendLanes)
  }

  async recipientsMost(): Promise<number | undefined> {
    return mostOf(this.#limits, 'recipients', await this.#world.sendings.nowMs())
  }

  /** Lets one message go. Undefined: it is one too many by now, and the account is held until there is room. */
  async turn(): Promise<SendingTurn | undefined> {
    const { sendings, senders, turns } = this.#world
    const nowMs = await sendings.nowMs()
    const rates = sendingRates(this.#limits, this.#perHour, nowMs)
    const turn = await turns.take(this.#accountId, rates)
    if (turn.waitMs === 0) {
      this.#underWay += 1
      return turn
    }
    const period = ratePeriods.find((one) => turn.counts[one] >= (rates[one] ?? Number.POSITIVE_INFINITY)) ?? 'hour'
    const before = await senders.state(this.#accountId)
    const sinceMs = before.limit?.sinceMs ?? nowMs
    // What it had to say before is told by the limit now.
    const failure = before.failure?.kind === 'throttled' ? null : before.failure
    await senders.setState(this.#accountId, {
      ...before,
      failure,
      limit: { period, most: rates[period] ?? 0, sinceMs },
    })
    await sendings.hold(this.#accountId, turn.atMs + turn.waitMs)
    if (before.limit === null) await senders.tell(this.#account)
    return undefined
  }

  async end(turn: SendingTurn, mayBeTaken: boolean): Promise<void> {
    this.#underWay -= 1
    if (!mayBeTaken) await this.#world.turns.giveBack(this.#accountId, turn)
  }

  /** @param lanes the connections that there are, with the one that has failed. @returns of what it spoke. */
  async heard(failure: Failure, lanes: number): Promise<LimitKind | undefined> {
    const kind = limitIn(failure)
    if (kind === 'connections') await this.learn(kind, Math.max(1, lanes - 1))
    else if (kind !== undefined) await this.learn(kind, await this.#wentWell(kind))
    return kind
  }

  async learn(kind: LimitKind, most: number): Promise<void> {
    const { sendings, senders, log } = this.#world
    const before = this.#limits
    this.#limits = withLearnt(before, kind, most, await sendings.nowMs())
    if (this.#limits === before) return
    await senders.setLimits(this.#accountId, { server: this.#server, limits: this.#limits })
    logLimitLearnt(log, this.#accountId, kind, this.#limits[kind]?.most ?? most)
  }

  async #wentWell(period: RatePeriod): Promise<number> {
    const { turns } = this.#world
    const looked = await turns.take(this.#accountId, {})
    await turns.giveBack(this.#accountId, looked)
    return looked.counts[period] - 1 - this.#underWay
  }
}
