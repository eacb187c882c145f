/** What was to be sent becomes a draft again, and then is cancelled: whatever breaks off in between, its text is somewhere. */
import type { OutboxFiles } from '../src/disk/outbox.ts'
import { dropDraft, putUnheldDraft } from '../src/imap/drafts.ts'
import { imapLimits } from '../src/imap/limits.ts'
import { isPending, type OutboxEntry } from '../src/send/entry.ts'
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

  /** @returns what takes the draft away again, if the message went out nevertheless; undefined: there is none, as of what has ended. */
  async put(entry: OutboxEntry, gone: AbortSignal): Promise<(() => Promise<void>) | undefined> {
    const octets = await this.#files.octetsOf(entry.id)
    if (!isPending(entry) || octets === undefined) return undefined
    const bcc = Buffer.from(entry.bcc, 'latin1')
    const whole = { octets: bcc.length + octets, read: () => this.#pieces(bcc, entry.id) }
    const moreMs = whole.octets / imapLimits.appendOctetsPerMs
    const put = this.#reading.read(entry.destinationId, gone, async (reader) => await putUnheldDraft(reader, whole), {
      moreMs,
    })
    const draft = await put
    return async () =>
      await this.#reading
        .read(entry.destinationId, gone, async (reader) => await dropDraft(reader, draft))
        .catch(() => {})
  }

  /** How long it may take to put it there. */
  takesMs({ octets }: Pick<OutboxEntry, 'octets'>): number {
    return imapLimits.readEndMs + octets / imapLimits.appendOctetsPerMs
  }

  async *#pieces(bcc: Buffer, id: string): AsyncGenerator<Buffer> {
    if (bcc.length > 0) yield bcc
    for await (const piece of this.#files.read(id)) yield piece as Buffer
  }
}
