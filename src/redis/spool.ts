/** Stores the bytes of messages that the provider may not give again: the facts about one as a line of JSON, followed by its bytes. */
import type { Redis } from 'ioredis'
import { monotonicFactory } from 'ulid'
import type { AccountId, Listed, MessageNumber, Retrieved, SpoolId } from '../mail/message.ts'
import type { Spool } from '../pull/ledger-ports.ts'
import { keys } from './key-names.ts'
import { dropSpooled, type LedgerWriter, spoolMessages } from './ledger-writes.ts'
import { entriesOf } from './quarantine.ts'

const newSpoolId = monotonicFactory() as () => SpoolId

function packedMessage({ message: { uidl, size }, bytes }: Retrieved): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify({ uidl, size })}\n`), bytes])
}

/** Undefined: the message is not stored any more. */
export async function spooledMessage(redis: Redis, accountId: AccountId, id: SpoolId): Promise<Retrieved | undefined> {
  const packed = await redis.hgetBuffer(keys.spool(accountId), id)
  if (packed === null) return undefined
  const end = packed.indexOf(10)
  const { uidl, size } = JSON.parse(packed.toString('utf8', 0, end)) as Pick<Listed, 'uidl' | 'size'>
  // The message has no number in any present session.
  return { message: { number: 0 as MessageNumber, uidl, size }, bytes: packed.subarray(end + 1), spooled: id }
}

export class RedisSpool implements Spool {
  readonly #redis: Redis
  readonly #accountId: AccountId
  readonly #writer: LedgerWriter
  readonly #isRetried: (entryId: string) => boolean

  /** @param isRetried tells whether a message that was set aside is to be tried again. */
  constructor(redis: Redis, accountId: AccountId, writer: LedgerWriter, isRetried: (entryId: string) => boolean) {
    this.#redis = redis
    this.#accountId = accountId
    this.#writer = writer
    this.#isRetried = isRetried
  }

  async spool(retrieved: readonly Retrieved[]): Promise<Retrieved[]> {
    const spooled = retrieved.map((one) => ({ ...one, spooled: newSpoolId() }))
    const args = spooled.flatMap((one) => [one.spooled, packedMessage(one)])
    if (args.length > 0) await this.#writer.write(spoolMessages, [keys.spool(this.#accountId)], args)
    return spooled
  }

  async *spooled(): AsyncIterable<Retrieved> {
    // The ids are ULIDs: their order is that in which the messages came.
    const ids = ((await this.#redis.hkeys(keys.spool(this.#accountId))) as SpoolId[]).sort()
    if (ids.length === 0) return
    const entries = await entriesOf(this.#redis, this.#accountId)
    const entryIds = new Map(entries.map(({ id, spooled }) => [spooled, id]))
    for (const id of ids) {
      const entryId = entryIds.get(id)
      if (entryId !== undefined && !this.#isRetried(entryId)) continue
      const message = await spooledMessage(this.#redis, this.#accountId, id)
      if (message !== undefined) yield { ...message, isRetried: entryId !== undefined }
    }
  }

  async letGo(retrieved: readonly Retrieved[]): Promise<void> {
    const ids = retrieved.flatMap(({ spooled }) => spooled ?? [])
    if (ids.length > 0) await this.#writer.write(dropSpooled, [keys.spool(this.#accountId)], ids)
  }
}
