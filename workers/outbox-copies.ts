/** Sees to it that Sent holds what was accepted, once (send/sent-copy.ts). The message is never sent again for it. */
import type { Readable } from 'node:stream'
import type { StorePool } from '../src/imap/pool.ts'
import type { StoreTarget } from '../src/imap/connection.ts'
import type { HeldCopy, SentFolder } from '../src/imap/sent-folder.ts'
import type { Token } from '../src/mail/message.ts'
import type { OutboxEntry, SentCopy } from '../src/send/entry.ts'
import { sendLimits } from '../src/send/limits.ts'
import { sameAs } from '../src/send/same-message.ts'
import { copyFailed, copyFiled, copyFound, copyStep, copyTaken } from '../src/send/sent-copy.ts'
import type { Store } from '../src/pull/store-ports.ts'
import { file, type FiledMessage, FilingRefused } from './outbox-filing.ts'

/** What a step that follows a message needs of the world. */
export interface FollowUpWorld {
  readonly sendings: {
    get(id: string): Promise<OutboxEntry | undefined>
    change(id: string, change: (before: OutboxEntry) => OutboxEntry | undefined): Promise<OutboxEntry | undefined>
  }
  /** The bytes that went out. */
  readonly bodies: { read(id: string): Readable; octetsOf(id: string): Promise<number | undefined> }
  readonly pool: Pick<StorePool, 'sentFolder'>
  openStore(target: StoreTarget, name: string, mayCommit: () => boolean): Promise<Store>
  /** Undefined: the destination is gone. */
  target(destinationId: string): Promise<StoreTarget | undefined>
  sentCopyOf(accountId: string): Promise<'auto' | 'always' | 'never'>
  readonly publicName: string
  nowMs(): number
  newToken(): Token
  readonly signal?: AbortSignal
}

/** Another process goes on with it. */
class TakenOver extends Error {
  override readonly name = 'TakenOver'
}

/** Does what is due of an entry's copy. Trouble with the store is written down, and it is tried again. */
export async function followCopy(world: FollowUpWorld, id: string): Promise<void> {
  const entry = await world.sendings.get(id)
  if (entry === undefined) return
  const target = await world.target(entry.destinationId)
  const rules = {
    sentCopy: await world.sentCopyOf(entry.accountId),
    isHosted: target?.kind === 'hosted',
    nowMs: world.nowMs(),
  }
  const step = copyStep(entry, rules)
  if (step === 'nothing') return
  const taken = await changeCopy(world, id, entry.copy, copyTaken(entry, rules.nowMs))
  if (taken === undefined) return
  if (target === undefined || step === 'none') {
    await changeCopy(world, id, taken.copy, { ...ended(taken.copy), state: 'unwanted' })
    return
  }
  const work = new CopyWork(world, target, taken)
  try {
    const copy = step === 'look again' ? await work.lookAgain() : await work.file(step, rules)
    await work.write(copy)
  } catch (error) {
    if (error instanceof TakenOver) return
    const isHopeless = error instanceof FilingRefused
    const failed = copyFailed(work.entry, world.nowMs())
    await work.write(isHopeless ? { ...ended(failed), state: 'failed' } : failed).catch(() => {})
    if (!isHopeless) throw error
  }
}

class CopyWork {
  entry: OutboxEntry
  readonly #world: FollowUpWorld
  readonly #target: StoreTarget
  readonly #mayCommit: () => boolean

  constructor(world: FollowUpWorld, target: StoreTarget, entry: OutboxEntry) {
    this.#world = world
    this.#target = target
    this.entry = entry
    // A worker that slept stores nothing.
    const endMs = performance.now() + (sendLimits.followUpLeaseMs * 2) / 3
    this.#mayCommit = () => performance.now() < endMs
  }

  async write(copy: SentCopy): Promise<void> {
    const written = await changeCopy(this.#world, this.entry.id, this.entry.copy, copy)
    if (written === undefined) throw new TakenOver()
    this.entry = written
  }

  async file(
    step: 'file' | 'look and file',
    { sentCopy, isHosted }: { sentCopy: string; isHosted: boolean },
  ): Promise<SentCopy> {
    const { id, copy, origin } = this.entry
    const sent = await this.#sentFolder()
    let folder: string
    try {
      folder = sent.folder
      // What was begun is ended first: it may stand there.
      if (step === 'look and file' && copy.filing === undefined) {
        const found = await this.#theirs(sent)
        if (found !== undefined) return copyFound(found)
      }
    } finally {
      sent.close()
    }
    const load = async (): Promise<FiledMessage> => ({
      folder,
      flags: ['\\Seen'],
      internalDate: new Date(this.#world.nowMs()),
      held: Buffer.from(this.entry.bcc, 'latin1'),
      rest: { octets: await this.#octets(), read: () => this.#world.bodies.read(id) },
    })
    const store = await this.#world.openStore(this.#target, `sent${id}`, this.#mayCommit)
    const { filing } = copy
    const steps = {
      filing,
      newToken: () => this.#world.newToken(),
      note: async (next: NonNullable<SentCopy['filing']>) => await this.write({ ...this.entry.copy, filing: next }),
    }
    const filed = await file(store, steps, folder, load)
    const again = sentCopy !== 'always' && (origin === 'submission' || !isHosted)
    return copyFiled(filed, filed.token, { nowMs: this.#world.nowMs(), again })
  }

  /** Somebody may have filed another one: then ours goes. Both may have been moved since. */
  async lookAgain(): Promise<SentCopy> {
    const { copy } = this.entry
    const { token } = copy
    if (token === null) return ended(copy)
    const sent = await this.#sentFolder()
    try {
      const sought = this.#sought()
      const isOurs = (one: HeldCopy) => one.token === token
      const held: HeldCopy[] = [...(await sent.look(sought))]
      if (!held.some(isOurs) || held.every(isOurs)) {
        // Whoever threw one of two away wants the other.
        const moved = await sent.lookElsewhere(sought, token)
        held.push(...moved.filter(({ isInTrash }) => !isInTrash))
      }
      const theirs = held.find((one) => !isOurs(one))
      if (theirs === undefined) return ended(copy)
      for (const ours of held.filter(isOurs)) await sent.remove(ours, token)
      return copyFound(theirs)
    } finally {
      sent.close()
    }
  }

  /** Where somebody has filed it, or has thrown it away already. */
  async #theirs(sent: SentFolder): Promise<HeldCopy | undefined> {
    const sought = this.#sought()
    const [first] = await sent.look(sought)
    return first ?? (await sent.lookElsewhere(sought, undefined))[0]
  }

  #sought() {
    const { id, messageId, octets } = this.entry
    return { messageId, octets, isSame: sameAs(() => this.#world.bodies.read(id)) }
  }

  /** @throws if it is not on this disk: another worker may have it. */
  async #octets(): Promise<number> {
    const octets = await this.#world.bodies.octetsOf(this.entry.id)
    if (octets === undefined) throw new Error('what was sent is not on the disk of this worker')
    return octets
  }

  async #sentFolder(): Promise<SentFolder> {
    return await this.#world.pool.sentFolder(this.#target, this.#world.signal)
  }
}

function ended(copy: SentCopy): SentCopy {
  const { filing: _, ...rest } = copy
  return { ...rest, nextAtMs: null }
}

/** Writes a copy, if it is as it was: of two who would, one does. */
async function changeCopy(
  { sendings }: FollowUpWorld,
  id: string,
  before: SentCopy,
  copy: SentCopy,
): Promise<OutboxEntry | undefined> {
  const was = JSON.stringify(before)
  return await sendings.change(id, (entry) => (JSON.stringify(entry.copy) === was ? { ...entry, copy } : undefined))
}
