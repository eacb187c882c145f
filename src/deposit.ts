/** Steps 4 to 6 of a run, and step 1: intent, append, record; and the one resolver of what is uncertain between them. */
import type { Account } from './account.ts'
import type { Intent, IntentEntry, StoredRecord, Token } from './ledger.ts'
import type { Letter } from './letter.ts'
import { uidlHash } from './header.ts'
import type { Seen } from './plan.ts'
import type { Appended, FolderPosition, World } from './ports.ts'
import type { Refusals } from './refusals.ts'
import type { RunCounts } from './run.ts'
import { traceBlock } from './trace.ts'

const nothing: ReadonlySet<Token> = new Set()

/**
 * Puts letters into the store, batch by batch and one append at a time, so that they stand there in the maildrop's order; and
 * tells of each that the ledger then holds. While a batch is being appended the next one's intent is written already.
 */
export class Deposit {
  readonly #world: World
  readonly #account: Account
  readonly #counts: RunCounts
  readonly #refusals: Refusals
  readonly #stored: (known: Seen) => void
  /** Where the folder stood when last heard of. UIDs only ascend: no message of a later batch stands before it. */
  #position: FolderPosition | undefined
  /** The batch in hand, on its way into the store. */
  #storing: Promise<void> = Promise.resolve()

  constructor(world: World, account: Account, counts: RunCounts, refusals: Refusals, stored: (known: Seen) => void) {
    this.#world = world
    this.#account = account
    this.#counts = counts
    this.#refusals = refusals
    this.#stored = stored
  }

  /**
   * Resolves when the last batch of these is on its way; a batch that failed fails whoever asks next.
   *
   * @param release called once nobody needs their bytes any more.
   */
  async put(letters: readonly Letter[], release: () => void): Promise<void> {
    const { batch: limit } = this.#world.store
    for (const batch of batchesOf(letters, limit)) {
      const intended = await this.#intend(batch)
      await this.#storing
      this.#storing = this.#store(intended)
      this.#storing.catch(() => {})
      // A large message is held alone, not beside the next one.
      if (octetsOf(batch) > limit.octets) await this.#storing
    }
    this.#storing = this.#storing.finally(release)
    this.#storing.catch(() => {})
  }

  /** Resolves when all that was put is stored, or set aside. */
  async done(): Promise<void> {
    await this.#storing
  }

  /** Resolves when nothing is under way any more, however it ended: a run must not end before. */
  async settled(): Promise<void> {
    await this.#storing.catch(() => {})
  }

  /** Step 4. */
  async #intend(letters: readonly Letter[]): Promise<Intended> {
    const { ledger, store, clock } = this.#world
    const { folder } = this.#account
    this.#position ??= await store.prepare(folder)
    const { uidValidity, uidNext } = this.#position
    const nowMs = clock.nowMs()
    const entries = letters.map(({ sighting: { message, fingerprint, digest } }) => ({
      token: this.#world.newToken(),
      uidl: message.uidl === undefined ? undefined : uidlHash(message.uidl),
      fingerprint,
      digest,
      size: message.size,
    }))
    const writtenAtSeconds = Math.floor(nowMs / 1000)
    const intent: Intent = { id: entries[0]?.token ?? '', folder, uidValidity, uidNext, entries, writtenAtSeconds }
    await ledger.intend(intent)
    return { letters, intent, nowMs }
  }

  /** Steps 5 and 6. */
  async #store({ letters, intent, nowMs }: Intended): Promise<void> {
    const { ledger, store, run } = this.#world
    const copies = letters.map(({ bytes, sighting }, nth) => {
      const entry = intent.entries[nth] as IntentEntry
      const trace = traceBlock(this.#account, run, { ...entry, fingerprint: entry.fingerprint.hash }, nowMs)
      return { token: entry.token, literal: [trace, bytes], internalDate: sighting.arrived }
    })
    const answer = await store.append(intent.folder, copies, this.#account.flags)
    this.#position = answer.status === 'stored' ? positionAfter(answer.appended) : undefined
    if (answer.status === 'unfit') {
      await ledger.record(intent, nothing)
      const fit: Letter[] = []
      for (const [nth, letter] of letters.entries()) {
        const reply = answer.reasons.get((intent.entries[nth] as IntentEntry).token)
        if (reply === undefined) fit.push(letter)
        else await this.#refusals.unfit(letter.sighting, reply)
      }
      return await this.#again(fit)
    }
    const there = answer.status === 'stored' ? all(intent) : await store.find(intent, 'its folder')
    if (answer.status === 'stored' || there.size > 0) {
      const isThere = (_: Letter, nth: number) => there.has((intent.entries[nth] as IntentEntry).token)
      const kept = letters.filter(isThere)
      // First counted, then recorded: the counts are on disk with the record.
      this.#counts.stored += kept.length
      for (const { octets } of kept) this.#counts.bytes += octets
      const records = await ledger.record(intent, there)
      await this.#refusals.stored()
      for (const [nth, { sighting }] of kept.entries())
        this.#stored({ message: sighting.message, record: records[nth] as StoredRecord, sighting })
      return await this.#again(letters.filter((letter, nth) => !isThere(letter, nth)))
    }

    // Refused, and the store holds none of it. A batch is refused for its worst message: halving finds that one.
    await ledger.record(intent, nothing)
    const [first] = letters
    if (letters.length === 1 && first !== undefined) return await this.#refusals.refused(first.sighting, answer.reply)
    const middle = Math.ceil(letters.length / 2)
    await this.#again(letters.slice(0, middle))
    await this.#again(letters.slice(middle))
  }

  async #again(letters: readonly Letter[]): Promise<void> {
    if (letters.length > 0) await this.#store(await this.#intend(letters))
  }
}

/** A batch whose intent is on disk. */
interface Intended {
  readonly letters: readonly Letter[]
  readonly intent: Intent
  readonly nowMs: number
}

/**
 * Asks the store about every intent that an earlier run left open. A MULTIAPPEND is all or nothing (RFC 3502), but not where the
 * store was killed in its midst: Dovecot's mdbox then finds part of it again. So each token speaks for its own message alone.
 * What is not found is listed by the provider still, and transferred as new.
 */
export async function recover({ ledger, store }: World, counts: RunCounts): Promise<void> {
  for (const intent of await ledger.intents()) {
    const found = await store.find(intent, 'every folder')
    counts.recovered += found.size
    await ledger.record(intent, found)
  }
}

function all(intent: Intent): ReadonlySet<Token> {
  return new Set(intent.entries.map(({ token }) => token))
}

/** Undefined where the store does not tell (no UIDPLUS): then it is asked again. */
function positionAfter({ uidValidity, uids }: Appended): FolderPosition | undefined {
  const last = uids.at(-1)
  return uidValidity === undefined || last === undefined ? undefined : { uidValidity, uidNext: last + 1 }
}

function octetsOf(letters: readonly Letter[]): number {
  return letters.reduce((sum, { bytes }) => sum + bytes.length, 0)
}

function batchesOf(
  letters: readonly Letter[],
  limit: { readonly messages: number; readonly octets: number },
): Letter[][] {
  const batches: Letter[][] = []
  let octets = 0
  for (const letter of letters) {
    const open = batches.at(-1)
    if (open === undefined || open.length >= limit.messages || octets + letter.bytes.length > limit.octets) {
      batches.push([letter])
      octets = letter.bytes.length
    } else {
      open.push(letter)
      octets += letter.bytes.length
    }
  }
  return batches
}
