/**
 * Finds the message that ends the worker, by the runs that set out and never returned: a run that follows such deaths waits for its turn in
 * its worker's lane, and after several of them each message that can be the reason comes alone, its name written down first.
 */
import type { MessageName } from '../ledger/ledger.ts'
import type { Listed, Window } from '../mail/message.ts'
import type { LedgerView } from './ledger-ports.ts'
import { pullLimits } from './limits.ts'
import { messageName } from './message-name.ts'
import type { Maildrop } from './maildrop-ports.ts'
import type { PullRun } from './ports.ts'

/** Resolves when every message that has come stands in its folder. */
export type Stored = () => Promise<void>

export class Caution {
  readonly #run: PullRun
  readonly #returned: () => Promise<void>
  #deaths = 0
  /** The number of those deaths in which the run was alone in its lane. */
  #laneDeaths = 0
  #isInLane = false
  /** The message that has killed the worker. */
  #killer: MessageName | undefined
  #mustReturn = false

  /** @param returned writes down that the runs which set out have returned. */
  constructor(run: PullRun, returned: () => Promise<void>) {
    this.#run = run
    this.#returned = returned
  }

  /** Reads what earlier runs have left. A run whose predecessor died waits for its turn: then no other run can be the reason of its death. */
  async recall({ deaths, laneDeaths, alone }: LedgerView): Promise<void> {
    this.#deaths = deaths
    this.#laneDeaths = laneDeaths
    // Only a run that was careful already had written down the message that it was retrieving alone. Where Redis went at the same time,
    // the power or the memory of the machine is as likely a reason: chance does not meet the same message twice.
    const isProven = alone !== undefined && (!alone.withRedis || alone.times > 1)
    this.#killer = deaths > pullLimits.deathsBeforeCare && laneDeaths > 1 && isProven ? alone.name : undefined
    this.#mustReturn = deaths > 0
    this.#isInLane = deaths > 0 && (await this.#run.world.enterLane())
  }

  get deaths(): number {
    return this.#deaths
  }

  /** The last of the runs that died was retrieving this message and nothing else. */
  get killer(): MessageName | undefined {
    return this.#killer
  }

  /** True once this run has set out, or follows one that never returned: its end is to be written down. */
  get mustReturn(): boolean {
    return this.#mustReturn
  }

  /** The killer is set aside: the runs that died before have died of it too. */
  async explained(): Promise<void> {
    this.#deaths = 0
    this.#killer = undefined
    await this.#returned()
  }

  /** Retrieves messages in their order. Those that can have been on their way when the worker died come first, and then the rest. */
  async *windows(maildrop: Maildrop, messages: readonly Listed[], stored: Stored): AsyncIterable<Window> {
    const doubtful = messages.slice(0, pullLimits.windowsAheadMax * pullLimits.windowMessagesMax)
    let rest = messages
    if (this.#isCareful) {
      for (const message of doubtful) yield* this.alone(message, maildrop, stored)
      rest = messages.slice(doubtful.length)
      await stored()
    } else if (this.#isInLane && doubtful.length < messages.length) {
      await this.#setOut()
      yield* maildrop.retrieve(doubtful, this.#run.account.maxMessageBytes)
      rest = messages.slice(doubtful.length)
      await stored()
    }
    // They have done no harm: the other runs that wait for the lane need not wait for the rest of an import.
    if (rest !== messages && rest.length > 0) await this.#leaveLane()
    if (rest.length > 0 || !this.#isCareful) await this.#setOut()
    if (rest.length > 0) yield* maildrop.retrieve(rest, this.#run.account.maxMessageBytes)
  }

  /** Retrieves one message with no other on its way. */
  async *alone(message: Listed, maildrop: Maildrop, stored: Stored): AsyncIterable<Window> {
    if (this.#isCareful) {
      await stored()
      await this.#setOut(messageName(message))
    }
    yield* maildrop.retrieve([message], this.#run.account.maxMessageBytes)
  }

  get #isCareful(): boolean {
    return this.#deaths >= pullLimits.deathsBeforeCare && this.#laneDeaths > 0
  }

  async #setOut(alone?: MessageName): Promise<void> {
    this.#mustReturn = true
    // Outside of the lane a death proves nothing.
    await this.#run.world.attempts.setOut(this.#isInLane ? (alone ?? 'in the lane') : undefined)
  }

  async #leaveLane(): Promise<void> {
    await this.#returned()
    this.#deaths = 0
    this.#laneDeaths = 0
    this.#isInLane = false
    this.#run.world.leaveLane()
  }
}
