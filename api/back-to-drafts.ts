/** What was to be sent becomes a draft again, and then is cancelled: whatever breaks off in between, its text is somewhere. */
import type { OutboxFiles } from '../src/disk/outbox.ts'
import { dropDraft, putDraft, putLargeDraft } from '../src/imap/drafts.ts'
import { imapLimits } from '../src/imap/limits.ts'
import type { Reader } from '../src/imap/reading.ts'
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

  /** @returns what takes the draft away again, if the message went out nevertheless; undefined: there is none, as of what has ended. */
  async put(entry: OutboxEntry, gone: AbortSignal): Promise<(() => Promise<void>) | undefined> {
    const octets = await this.#files.octetsOf(entry.id)
    if (!isPending(entry) || octets === undefined) return undefined
    const bcc = Buffer.from(entry.bcc, 'latin1')
    const whole = { octets: bcc.length + octets, read: () => this.#pieces(bcc, entry.id) }
    const isLarge = whole.octets > apiLimits.letterOctetsMax
    const put = async (reader: Reader) =>
      isLarge ? await putLargeDraft(reader, whole) : await putDraft(reader, await held(whole.read()), undefined)
    const moreMs = isLarge ? whole.octets / imapLimits.appendOctetsPerMs : 0
    const draft = await this.#reading.read(entry.destinationId, gone, put, { moreMs })
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

async function held(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all)
}
