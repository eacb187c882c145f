/**
 * Takes what is due from the outbox to the SMTP servers, beside the runs and without delaying them: it has a queue and places of its own. A job
 * that is lost costs only time, since what is due stays due until it is claimed.
 */
import { setMaxListeners } from 'node:events'
import type { Job } from 'bullmq'
import { OutboxFiles } from '../src/disk/outbox.ts'
import { SessionFailed } from '../src/failure/session-failed.ts'
import { Accounts } from '../src/redis/accounts.ts'
import { InstanceSettingsStore } from '../src/redis/instance-settings.ts'
import { Sendings } from '../src/redis/outbox.ts'
import { sendQueueName, type VisitJob, VisitQueue } from '../src/redis/queue.ts'
import { Senders } from '../src/redis/senders.ts'
import { SendingTurns } from '../src/redis/sending-turns.ts'
import { Jobs } from './jobs.ts'
import { workerLimits } from './limits.ts'
import { logSent } from './outbox-log.ts'
import { SmtpMemories } from './outbox-memories.ts'
import { SendRoom } from './outbox-room.ts'
import { visitSmtp } from './outbox-visit.ts'
import type { SendFollowUp, SendOptions, SendWorld } from './outbox-world.ts'
import { Ticker } from './ticker.ts'
import { logQueueError, logQueueStuck, logVisitFailed } from './worker-log.ts'

export class OutboxCarrier {
  readonly #world: SendWorld
  readonly #queue: VisitQueue
  readonly #visits: Jobs<VisitJob>
  readonly #ticker: Ticker
  readonly #stopping = new AbortController()
  readonly #underWay = new Set<Promise<void>>()

  constructor(options: SendOptions, followUp: SendFollowUp = () => {}) {
    const { redis, log, outage, pace } = options
    const failed = (error: Error) => logQueueError(log, outage, error)
    this.#world = {
      ...options,
      proxy: options.proxy,
      accounts: new Accounts(redis),
      settings: new InstanceSettingsStore(redis),
      sendings: new Sendings(redis),
      senders: new Senders(redis),
      turns: new SendingTurns(redis),
      files: new OutboxFiles(options.outbox),
      room: new SendRoom(),
      memories: new SmtpMemories(),
      leaseMs: pace.leaseMs ?? workerLimits.sendLeaseMs,
      followUp,
      stopping: this.#stopping.signal,
    }
    // All visits listen: Node would take more than ten for a leak, and say so.
    setMaxListeners(0, this.#stopping.signal)
    this.#queue = new VisitQueue(redis, { onError: failed }, sendQueueName)
    this.#visits = new Jobs(sendQueueName, async (job) => await this.#visit(job), {
      ...options,
      concurrency: pace.places ?? workerLimits.sendPlaces,
      onError: failed,
      onFailed: (job, error) => logVisitFailed(log, job, error),
      onStuck: () => logQueueStuck(log, sendQueueName),
    })
    this.#ticker = new Ticker(failed)
  }

  begin(): void {
    const { pace } = this.#world
    this.#ticker.every(pace.everyMs ?? workerLimits.sendEveryMs, async () => await this.#dispatch())
    this.#ticker.every(pace.abandonedEveryMs ?? workerLimits.abandonedEveryMs, async () => await this.#endAbandoned())
  }

  /** Whenever Redis has answered. */
  look(): void {
    this.#visits.look()
  }

  /** Begins no message, breaks off what has not come to its final dot, and waits for the answers to those that have. */
  async stop(): Promise<void> {
    this.#stopping.abort(new SessionFailed({ kind: 'stopped' }))
    await Promise.all([this.#ticker.stop(), this.#visits.close()])
    await Promise.allSettled(this.#underWay)
    await this.#queue.close()
  }

  /** Ends what `stop` leaves behind if it comes to no end. */
  async letGo(): Promise<void> {
    await this.#visits.letGo()
  }

  async #dispatch(): Promise<void> {
    const { sendings, pace } = this.#world
    const most = 4 * (pace.places ?? workerLimits.sendPlaces)
    const due = await sendings.dueAccounts(await sendings.nowMs(), most)
    if (due.length > 0) await this.#queue.add(due)
  }

  async #endAbandoned(): Promise<void> {
    const { sendings, log, followUp } = this.#world
    for (const entry of await sendings.endAbandoned(await sendings.nowMs())) {
      logSent(log, entry)
      followUp(entry)
    }
  }

  async #visit({ data: { visit } }: Job<VisitJob>): Promise<void> {
    if (this.#stopping.signal.aborted) return
    const made = visitSmtp(this.#world, visit)
    this.#underWay.add(made)
    try {
      await made
    } finally {
      this.#underWay.delete(made)
    }
  }
}
