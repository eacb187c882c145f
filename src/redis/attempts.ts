/**
 * Notes which runs have set out to retrieve messages. If a worker dies, the note of its run stays, and the next run learns of the
 * death from it. A run that was only superseded removes its own note.
 */
import type { Redis } from 'ioredis'
import { SessionFailed } from '../failure/session-failed.ts'
import type { MessageName, Suspect, WindowNote } from '../ledger/ledger.ts'
import type { AloneAtDeath, Attempts, LedgerView } from '../pull/ledger-ports.ts'
import { keeperNameOf } from './keeper.ts'
import { keys } from './key-names.ts'
import { nameKey } from '../pull/message-name.ts'
import type { Lease } from './lease.ts'
import { type LedgerWriter, noteReturned, noteSetOut, noteWindow } from './ledger-writes.ts'

/** A run's note is named by the fence of its lease. */
const noteField = (fence: number | string) => `out ${fence}`
/** The note of a run that is in its worker's lane, and retrieves no message alone. */
const inTheLane = 'in the lane'
const fenceOf = (field: string) => Number(field.slice(noteField('').length))

export class RedisAttempts implements Attempts {
  readonly #redis: Redis
  readonly #lease: Lease
  readonly #writer: LedgerWriter
  /** Fields of runs that set out before this one and never returned. */
  #unreturned: readonly string[] = []
  #keeper: string | undefined

  constructor(redis: Redis, lease: Lease, writer: LedgerWriter) {
    this.#redis = redis
    this.#lease = lease
    this.#writer = writer
  }

  /**
   * @param notes everything that is noted beside the ledger.
   * @param keeper the Redis that serves it now (keeper.ts).
   */
  read(
    notes: Readonly<Record<string, string>>,
    keeper: string,
  ): Pick<LedgerView, 'suspects' | 'deaths' | 'laneDeaths' | 'alone' | 'window'> {
    const own = noteField(this.#lease.fence)
    const others = Object.keys(notes).filter((field) => field.startsWith(noteField('')) && field !== own)
    // Fences only grow: the highest one belongs to the run that died last.
    this.#unreturned = others.sort((one, other) => fenceOf(one) - fenceOf(other))
    this.#keeper = keeper
    const { window } = notes
    return {
      window: window === undefined ? undefined : (JSON.parse(window) as WindowNote),
      suspects: JSON.parse(notes['suspects'] ?? '[]') as Suspect[],
      deaths: this.#unreturned.length,
      laneDeaths: this.#unreturned.filter((field) => notes[field] !== '').length,
      alone: aloneAtDeath(
        this.#unreturned.map((field) => notes[field] ?? ''),
        keeper,
      ),
    }
  }

  async setOut(alone?: MessageName | typeof inTheLane): Promise<void> {
    const name = typeof alone === 'object' ? JSON.stringify({ ...alone, keeper: this.#keeper }) : (alone ?? '')
    await this.#writer.write(noteSetOut, [], [noteField(this.#lease.fence), name])
  }

  async returned(suspects: readonly Suspect[]): Promise<void> {
    const own = noteField(this.#lease.fence)
    try {
      await this.#writer.write(noteReturned, [], [JSON.stringify(suspects), own, ...this.#unreturned])
    } catch (error) {
      if (!(error instanceof SessionFailed) || error.failure.kind !== 'superseded') throw error
      const notes = keys.ledgerNotes(this.#lease.accountId)
      await this.#redis.multi().hdel(notes, own).hincrby(notes, 'revision', 1).exec()
    }
  }

  async noteWindow(window: WindowNote | undefined): Promise<void> {
    try {
      await this.#writer.write(noteWindow, [], [window === undefined ? '' : JSON.stringify(window)])
    } catch (error) {
      if (!(error instanceof SessionFailed) || error.failure.kind !== 'superseded') throw error
    }
  }
}

/** A message's name, and the Redis under which its retrieval began; notes from before this was told apart have none. */
type AloneNote = MessageName & { readonly keeper?: string }

/** @param notes of the runs that died, in their order. */
function aloneAtDeath(notes: readonly string[], keeper: string): AloneAtDeath | undefined {
  const [last, ...before] = notes.map(aloneNoteOf).reverse()
  if (last === undefined) return undefined
  const { keeper: noted = keeper, ...name } = last
  const again = before.filter((note) => note !== undefined && nameKey(note) === nameKey(name))
  return { name, times: 1 + again.length, withRedis: keeperNameOf(noted) !== keeper }
}

function aloneNoteOf(note: string): AloneNote | undefined {
  return note.startsWith('{') ? (JSON.parse(note) as AloneNote) : undefined
}
