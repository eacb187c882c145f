/** The log events about a worker's process and its queues: one function for each event, with its level and its fields. */
import type { Logger } from '../src/log.ts'
import type { Outage } from '../src/redis/outage.ts'

/** @param ready `worker` is its name in `/metrics`. */
export function logWorkerReady(log: Logger, ready: { readonly worker: string; readonly sessions: number }): void {
  log.info({ event: 'worker ready', ...ready })
}

/** The system lets this process open fewer files and sockets than its sessions may need. */
export function logFewDescriptors(
  log: Logger,
  few: { readonly most: number; readonly needed: number },
  sessions: number,
): void {
  log.warn(
    { event: 'few descriptors', ...few, sessions },
    `The worker may open ${few.most} files and sockets, and needs ${few.needed} for its sessions, so it holds ${sessions} sessions. Raise the limit (ulimit -n, LimitNOFILE of systemd), or lower TRIBUTARY_SESSIONS`,
  )
}

export function logWorkerStopped(log: Logger): void {
  log.info({ event: 'worker stopped' })
}

/** The process ends by an error that nobody has caught. */
export function logWorkerBroke(log: Logger, err: Error): void {
  log.fatal({ event: 'worker broke', err })
}

/** The connection that waits for jobs hangs: another one is made. */
export function logQueueStuck(log: Logger, queue: string): void {
  log.warn({ event: 'queue stuck', queue }, 'No job was asked for, though Redis answers: the queue is taken up anew')
}

/** The queue is in trouble: the next turn repeats the work. If it is Redis below it that is away, that is told already. */
export function logQueueError(log: Logger, outage: Pick<Outage, 'covers'>, error: Error): void {
  if (!outage.covers(error)) log.warn({ event: 'queue error', reason: error.message })
}

/** A job ended by an error that is not the account's. */
export function logJobFailed(log: Logger, job: object | undefined, err: Error): void {
  log.error({ event: 'job failed', ...job, err })
}

export function logVisitFailed(log: Logger, visit: object | undefined, err: Error): void {
  log.error({ event: 'visit failed', ...visit, err })
}

/** The wall clock was set: the schedule is moved by the same time. */
export function logClockStepped(log: Logger, byMs: number): void {
  log.warn({ event: 'clock stepped', byMs })
}

/** A store wants its user to read these words. */
export function logStoreAlert(log: Logger, destinationId: string, words: string): void {
  log.warn({ event: 'store alert', destinationId, words })
}
