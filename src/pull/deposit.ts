/**
 * The state that steps 4 to 6 share while letters go into the store. There is one append at a time, so that messages stand in the store in
 * the maildrop's order. While a batch is being appended, the intent of the next one is written, and the batches before it are delivered.
 */
import { SessionFailed } from '../failure/session-failed.ts'
import { Deliveries, positionAfter } from './deliver.ts'
import type { Erasures } from './erasures.ts'
import type { FolderPlace, Letter } from './letter.ts'
import type { PullRun } from './ports.ts'
import type { Appended, BatchLimit, FolderPosition } from './store-ports.ts'
import { Refusals } from './refusals.ts'
import type { Suspects } from './suspects.ts'

export class Deposit {
  readonly run: PullRun
  readonly suspects: Suspects
  readonly refusals: Refusals
  readonly deliveries: Deliveries
  /** Undefined if no stored message can be erased: it was spooled, and no session is open. */
  readonly erasures: Erasures | undefined
  /** The folder's position, as the store last reported it. UIDs only ascend: no message of a later batch stands before it. */
  #position: (FolderPosition & { readonly folder: string }) | undefined
  /** Folders that letters were sorted into, and that the store does not let us have. */
  readonly #closed = new Set<string>()
  #hasBegun = false
  /** The batch that is on its way into the store. */
  #storing: Promise<void> = Promise.resolve()

  constructor(run: PullRun, suspects: Suspects, erasures?: Erasures) {
    this.run = run
    this.suspects = suspects
    this.refusals = new Refusals(run, suspects)
    this.deliveries = new Deliveries(run)
    this.erasures = erasures
  }

  /** False until the first batch has come. */
  get hasBegun(): boolean {
    return this.#hasBegun
  }

  /** Where the letters of a batch belong. */
  placeOf([first]: readonly Pick<Letter, 'place'>[]): FolderPlace {
    const place = first?.place
    return place === undefined || this.#closed.has(place.folder) ? this.run.account : place
  }

  /** The place where the next message will stand. The store is asked if its last answer does not contain it. */
  async position(batch: readonly Letter[]): Promise<FolderPosition & { readonly folder: string }> {
    const { world, account } = this.run
    const { folder } = this.placeOf(batch)
    this.#hasBegun = true
    if (this.#position?.folder === folder) return this.#position
    try {
      this.#position = { ...(await world.store.prepare(folder)), folder }
    } catch (error) {
      // Mail waits for no other folder than its account's.
      const isClosed = error instanceof SessionFailed && error.failure.kind === 'store refused'
      if (!isClosed || folder === account.folder) throw error
      this.#closed.add(folder)
      return await this.position(batch)
    }
    return this.#position
  }

  /** @param appended undefined if the store did not take the batch: then nobody knows the folder's position. */
  reachedAfter(folder: string, appended: Appended | undefined): void {
    const position = appended && positionAfter(appended)
    this.#position = position && { ...position, folder }
  }

  isLarge(batch: readonly Letter[]): boolean {
    return octetsIn(batch) > this.run.world.store.batch.octets
  }

  /** Begins to store a batch as soon as the one before it is stored. If that one failed, the next caller fails. */
  async follow(store: () => Promise<void>): Promise<void> {
    await this.#storing
    this.#storing = store()
    this.#storing.catch(() => {})
  }

  /** Calls back when the batches that have come so far are stored, or have failed. */
  whenStored(act: () => void): void {
    this.#storing = this.#storing.finally(act)
    this.#storing.catch(() => {})
  }

  async stored(): Promise<void> {
    await this.#storing
  }

  /** Resolves when every message that has come stands in its folder, or is set aside. */
  async done(): Promise<void> {
    await this.#storing
    await this.deliveries.done()
  }

  /** Resolves when nothing is under way any more, whether it failed or not: a run must not end before that. */
  async settled(): Promise<void> {
    if (!this.#hasBegun) return
    await this.#storing.catch(() => {})
    const ended = await Promise.allSettled([this.#storing, this.deliveries.done()])
    // The next run resolves whatever went wrong here or in tidying up.
    if (ended.every(({ status }) => status === 'fulfilled')) await this.run.world.store.finish().catch(() => {})
  }
}

/** Parts letters into batches, each of one folder and as large as one append may be. */
export function* batchesOf(letters: readonly Letter[], limit: BatchLimit): Generator<readonly Letter[]> {
  let batch: Letter[] = []
  let octets = 0
  for (const letter of letters) {
    const isFull = batch.length >= limit.messages || octets + letter.bytes.length > limit.octets
    if (batch.length > 0 && (isFull || batch[0]?.place?.folder !== letter.place?.folder)) {
      yield batch
      batch = []
      octets = 0
    }
    batch.push(letter)
    octets += letter.bytes.length
  }
  if (batch.length > 0) yield batch
}

function octetsIn(letters: readonly Letter[]): number {
  return letters.reduce((sum, { bytes }) => sum + bytes.length, 0)
}
