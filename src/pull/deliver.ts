/** Follows step 6: brings recorded messages to the folder where people see them, several batches at a time, and reports what arrived. */
import type { FolderMark } from '../ledger/ledger.ts'
import type { Letter } from './letter.ts'
import type { Arrival, PullRun } from './ports.ts'
import type { Appended, FolderPosition } from './store-ports.ts'

/** A recorded batch. Its bytes are not held until it is delivered. */
interface Recorded {
  readonly appended: Appended
  readonly folder: string
  readonly letters: readonly Pick<Letter, 'octets' | 'envelope' | 'finding'>[]
}

/** There is one delivery at a time, so that messages come in their order. */
export class Deliveries {
  readonly #run: PullRun
  /** These batches are recorded, and are not on their way into their folder yet. */
  readonly #waiting: Recorded[] = []
  #delivering: Promise<void> = Promise.resolve()
  #reached: FolderMark | undefined

  constructor(run: PullRun) {
    this.#run = run
  }

  /** The place behind everything that this run has delivered. It is undefined if nothing was delivered, or if the store does not report the place. */
  get reached(): FolderMark | undefined {
    return this.#reached
  }

  /** Takes a recorded batch. If the delivery before it failed, this call fails. */
  async add(appended: Appended, folder: string, letters: readonly Letter[]): Promise<void> {
    const kept = letters.map(({ octets, envelope, finding }) => ({ octets, envelope, finding }))
    this.#waiting.push({ appended, folder, letters: kept })
    const messages = this.#waiting.reduce((sum, { appended: { uids } }) => sum + uids.length, 0)
    if (messages < this.#run.world.store.deliveredTogether) return
    await this.#delivering
    this.#begin()
  }

  /** Resolves when every batch that was added stands in its folder. */
  async done(): Promise<void> {
    this.#begin()
    await this.#delivering
  }

  #begin(): void {
    for (const batches of byFolder(this.#waiting.splice(0))) {
      const arrivals = batches.flatMap((batch) => this.#arrivalsOf(batch))
      this.#delivering = this.#delivering.then(() => this.#deliver(batches, arrivals))
      this.#delivering.catch(() => {})
    }
  }

  async #deliver(batches: readonly Recorded[], arrivals: readonly Arrival[]): Promise<void> {
    const { world, account } = this.#run
    const { destinationId } = account
    const { folder = account.folder, appended: { uidValidity } = unknown } = batches[0] ?? {}
    const staged = { uidValidity, uids: batches.flatMap(({ appended }) => appended.uids) }
    const delivered = (await world.store.deliver(folder, staged)) ?? staged
    const position = positionAfter(delivered)
    // The account's own folder is read from its mark on, and all others whole.
    if (position !== undefined && folder === account.folder) this.#reached = { destinationId, folder, ...position }
    const newUids = new Map(staged.uids.map((uid, nth) => [uid, delivered.uids[nth]]))
    world.arrived(arrivals.map((arrival) => ({ ...arrival, uid: arrival.uid && newUids.get(arrival.uid) })))
  }

  /** The messages as people are shown them, with the UIDs that they have where they were appended. */
  #arrivalsOf({ appended: { uids }, folder, letters }: Recorded): Arrival[] {
    const storedAtMs = this.#run.world.clock.nowMs()
    const isNamed = uids.length === letters.length
    return letters.map(({ octets, envelope, finding }, nth) => {
      return { storedAtMs, octets, envelope, folder, uid: isNamed ? uids[nth] : undefined, finding }
    })
  }
}

const unknown: Appended = { uidValidity: undefined, uids: [] }

/** Groups neighbours of one folder and the same UIDVALIDITY: a folder that was made anew counts UIDs from 1 again (RFC 9051 section 2.3.1.1). */
function byFolder(batches: readonly Recorded[]): Recorded[][] {
  const groups: Recorded[][] = []
  for (const batch of batches) {
    const group = groups.at(-1)
    const first = group?.[0]
    const isSame = first?.folder === batch.folder && first.appended.uidValidity === batch.appended.uidValidity
    if (group === undefined || !isSame) groups.push([batch])
    else group.push(batch)
  }
  return groups
}

/** The position behind what was appended. It is undefined if the store does not report it (no UIDPLUS): then the store is asked again. */
export function positionAfter({ uidValidity, uids }: Appended): FolderPosition | undefined {
  if (uidValidity === undefined || uids.length === 0) return undefined
  return { uidValidity, uidNext: Math.max(...uids) + 1 }
}
