/** What was to be sent becomes a draft again, and then is cancelled: whatever breaks off in between, its text is somewhere. */
import type { OutboxFiles } from '../src/disk/outbox.ts'
import { dropDraft, putDraft } from '../src/imap/drafts.ts'
import { isPending, type OutboxEntry } from '../src/send/entry.ts'
import { apiLimits } from './limits.ts'
import { MailReading, type MailReadingWorld } from './mail-reading.ts'

export interface BackToDraftsWorld extends MailReadingWorld {
  readonly outboxFiles: OutboxFiles
}

export class BackToDrafts {
  readonly #files: OutboxFiles
  readonly #reading: MailReading

  constructor(world: BackToDraftsWorld) {
    this.#files = world.outboxFiles
    this.#reading = new MailReading(world)
  }

  async close(): Promise<void> {
    await this.#reading.close()
  }

  /**
   * @returns what takes the draft away again, if the message went out nevertheless; undefined: there is none, as of what has ended, or of what is
   * larger than any draft.
   */
  async put(entry: OutboxEntry, gone: AbortSignal): Promise<(() => Promise<void>) | undefined> {
    const octets = await this.#files.octetsOf(entry.id)
    if (!isPending(entry) || octets === undefined || octets > apiLimits.letterOctetsMax) return undefined
    const pieces: Buffer[] = [Buffer.from(entry.bcc, 'latin1')]
    for await (const piece of this.#files.read(entry.id)) pieces.push(piece as Buffer)
    const message = Buffer.concat(pieces)
    const draft = await this.#reading.read(
      entry.destinationId,
      gone,
      async (reader) => await putDraft(reader, message, undefined),
    )
    return async () =>
      await this.#reading
        .read(entry.destinationId, gone, async (reader) => await dropDraft(reader, draft))
        .catch(() => {})
  }
}
