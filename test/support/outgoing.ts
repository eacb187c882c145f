/** Puts messages into the outbox of a stack as whoever accepts them does: the body on the disk first, then its entry. */
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { Redis } from 'ioredis'
import { ulid } from 'ulid'
import { OutboxFiles } from '../../src/disk/outbox.ts'
import { Sendings } from '../../src/redis/outbox.ts'
import type { OutboxEntry } from '../../src/send/entry.ts'
import type { SendPace } from '../../workers/outbox-world.ts'
import { entryOf } from './entries.ts'
import type { Stack } from './stack.ts'
import { untilTold } from './until.ts'

export interface Outgoing {
  readonly folder: string
  readonly files: OutboxFiles
  readonly sendings: Sendings
  /** @returns its id. */
  put(message: OutgoingMessage): Promise<string>
  entry(id: string): Promise<OutboxEntry>
  /** The entry as soon as it is so. */
  until(id: string, is: (entry: OutboxEntry) => boolean): Promise<OutboxEntry>
  remove(): Promise<void>
}

export interface OutgoingMessage {
  readonly accountId: string
  readonly destinationId: string
  readonly to?: readonly string[]
  readonly bytes?: Buffer | readonly Buffer[]
  readonly changes?: Partial<OutboxEntry>
}

export const outgoingLetter = (nth: number | string) =>
  Buffer.from(`From: me@example.net\r\nSubject: no ${nth}\r\nMessage-ID: <${nth}@example.net>\r\n\r\nHello ${nth}\r\n`)

/** What is quick enough for a test. */
export const quickSending = {
  everyMs: 100,
  abandonedEveryMs: 200,
  waits: { connectMs: 20_000, greetingMs: 20_000, exchangeMs: 20_000, envelopeMs: 20_000, endMs: 20_000 },
} as const satisfies Partial<SendPace>

export function outgoingOf({ redis }: Pick<Stack, 'redis'>): Outgoing {
  return outgoingIn(redis, mkdtempSync('/tmp/tributary-outbox-'))
}

export function outgoingIn(redis: Redis, folder: string): Outgoing {
  const files = new OutboxFiles(folder)
  const sendings = new Sendings(redis)
  const outgoing: Outgoing = {
    folder,
    files,
    sendings,
    async put({ accountId, destinationId, to = ['you@example.org'], bytes = outgoingLetter('one'), changes = {} }) {
      const id = ulid()
      const pieces = Buffer.isBuffer(bytes) ? [bytes] : bytes
      const spooled = await files.spool(id)
      for (const piece of pieces) await spooled.write(piece)
      await spooled.commit()
      const nowMs = await sendings.nowMs()
      const answer = await sendings.create(
        {
          ...entryOf([]),
          id,
          accountId,
          destinationId,
          identity: 'me@example.net',
          sender: 'me@example.net',
          messageId: `${id}@example.net`,
          octets: pieces.reduce((sum, { length }) => sum + length, 0),
          recipients: to.map((address) => ({ address, state: 'queued' as const, reply: null })),
          createdAtMs: nowMs,
          sendAtMs: nowMs,
          nextAttemptAtMs: nowMs,
          ...changes,
        },
        undefined,
      )
      if (!('entry' in answer)) throw new Error(answer.answer)
      return id
    },
    async entry(id) {
      const entry = await sendings.get(id)
      if (entry === undefined) throw new Error(`there is no entry ${id}`)
      return entry
    },
    async until(id, is) {
      return await untilTold(`the entry ${id} to be so`, async () => {
        const entry = await outgoing.entry(id)
        return is(entry) ? entry : undefined
      })
    },
    remove: async () => await rm(folder, { recursive: true, force: true }),
  }
  return outgoing
}

/** Resolves once a server has had so many messages. */
export async function untilMails(server: { readonly mails: readonly unknown[] }, count: number): Promise<void> {
  await untilTold(`${count} messages to come`, async () => server.mails.length >= count)
}
