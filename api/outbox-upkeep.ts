/** Forgets what ended long ago, and removes bodies that no entry needs. Any number of processes may do it at once. */
import type { OutboxFiles } from '../src/disk/outbox.ts'
import type { Logger } from '../src/log.ts'
import type { Sendings } from '../src/redis/outbox.ts'

export interface OutboxUpkeep {
  readonly sendings: Sendings
  readonly outboxFiles: OutboxFiles
  readonly log: Logger
}

/** @param nowMs by the clock of the files. */
export async function tidyOutbox({ sendings, outboxFiles, log }: OutboxUpkeep, nowMs = Date.now()): Promise<void> {
  const redisMs = await sendings.nowMs()
  for (let forgotten = 1; forgotten > 0; ) forgotten = (await sendings.forgetOld(redisMs)).length
  const left = await outboxFiles.sweep(await sendings.era(), async (ids) => await sendings.needing(ids), nowMs)
  if (left > 0)
    log.warn(
      { event: 'outbox left', messages: left },
      `Redis is not the one under which ${left} messages were taken to be sent, and nobody knows whether they were: they are in the folder left of ${outboxFiles.folder}`,
    )
}
