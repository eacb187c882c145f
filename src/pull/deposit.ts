/** Steps 4 to 6 of a run, and step 1: intent, append, record, deliver; and the one resolver of what is uncertain between them. */
import type { Account } from '../account/account.ts'
import type { FolderMark, Intent, IntentEntry, LedgerRecord } from '../ledger/ledger.ts'
import type { Token } from '../mail/message.ts'
import type { Letter } from './letter.ts'
import { uidlHash } from '../mail/header.ts'
import type { Seen } from './plan.ts'
import type { Appended, Arrival, Found, FolderPosition, World } from './ports.ts'
import type { PackedRecords } from '../ledger/packed-records.ts'
import type { Refusals } from './refusals.ts'
import type { RunCounts } from '../runs/run.ts'
import { traceBlocks } from '../mail/trace.ts'

const nothing: ReadonlySet<Token> = new Set()

/**
 * Puts letters into the store, batch by batch and one append at a time, so that they stand there in the maildrop's order; and
 * tells of each that the ledger then holds. While a batch is being appended the next one's intent is written already, and those
 * before it are delivered.
 */
export class Deposit {
  readonly #world: World
  readonly #account: Account
  readonly #counts: RunCounts
  readonly #refusals: Refusals
  readonly #stored: (known: Seen) => void
  /** Where the folder stood when last heard of. UIDs only ascend: no message of a later batch stands before it. */
  #position: FolderPosition | undefined
  #reached: FolderMark | undefined
  /** The batch in hand, on its way into the store. */
  #storing: Promise<void> = Promise.resolve()
  /** What is recorded, and not on its way into its folder yet. */
  readonly #undelivered: Recorded[] = []
  #delivering: Promise<void> = Promise.resolve()

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

  /** Resolves when all that was put stands in its folder, or is set aside. */
  async done(): Promise<void> {
    await this.#storing
    this.#deliverAll()
    await this.#delivering
  }

  /** Behind all that this run has stored in the account's folder; undefined where the store does not tell, or nothing was stored. */
  get reached(): FolderMark | undefined {
    return this.#reached
  }

  /** Resolves when nothing is under way any more, however it ended: a run must not end before. */
  async settled(): Promise<void> {
    await this.#storing.catch(() => {})
    this.#deliverAll()
    const ended = await Promise.allSettled([this.#storing, this.#delivering])
    // What has gone wrong, tidying up too, is left for the next run's takeover.
    if (ended.every(({ status }) => status === 'fulfilled')) await this.#world.store.finish().catch(() => {})
  }

  /** Step 4. */
  async #intend(letters: readonly Letter[]): Promise<Intended> {
    const { intents, store, clock } = this.#world
    const { folder } = this.#account
    this.#position ??= await store.prepare(folder)
    const { uidValidity, uidNext } = this.#position
    const nowMs = clock.nowMs()
    const entries = letters.map(({ sighting: { message, fingerprint, digest, spooled } }) => ({
      token: this.#world.newToken(),
      uidl: message.uidl === undefined ? undefined : uidlHash(message.uidl),
      fingerprint,
      digest,
      size: message.size,
      ...(spooled === undefined ? {} : { spooled }),
    }))
    const writtenAtSeconds = Math.floor(nowMs / 1000)
    const intent: Intent = { id: entries[0]?.token ?? '', folder, uidValidity, uidNext, entries, writtenAtSeconds }
    await intents.intend(intent)
    return { letters, intent, nowMs }
  }

  /** Steps 5 and 6. */
  async #store({ letters, intent, nowMs }: Intended): Promise<void> {
    const { intents, store, run } = this.#world
    const traceBlock = traceBlocks(this.#account, run, nowMs)
    const copies = letters.map(({ bytes, sighting }, nth) => {
      const { token, uidl, fingerprint } = intent.entries[nth] as IntentEntry
      const trace = traceBlock({ token, uidl, fingerprint: fingerprint.hash })
      return { token, literal: [trace, bytes], internalDate: sighting.arrived }
    })
    const answer = await store.append(intent.folder, copies, this.#account.flags)
    this.#position = answer.status === 'stored' ? positionAfter(answer.appended) : undefined
    if (answer.status === 'unfit') {
      await intents.record(intent, nothing)
      const fit: Letter[] = []
      for (const [nth, letter] of letters.entries()) {
        const reply = answer.reasons.get((intent.entries[nth] as IntentEntry).token)
        if (reply === undefined) fit.push(letter)
        else await this.#refusals.unfit(letter.sighting, reply)
      }
      return await this.#again(fit)
    }
    const told = answer.status === 'stored' && tellsOfAll(answer.appended, letters.length)
    const there = told ? { tokens: all(intent), appended: answer.appended } : await store.find(intent)
    await this.#record(letters, intent, there)

    // Refused, and the store holds none of these. A batch is refused for its worst message: halving finds that one.
    const rest = letters.filter((_, nth) => !there.tokens.has((intent.entries[nth] as IntentEntry).token))
    const [first] = rest
    if (answer.status === 'refused' && letters.length === 1 && first !== undefined)
      return await this.#refusals.refused(first.sighting, answer.reply)
    const middle = Math.ceil(rest.length / 2)
    await this.#again(rest.slice(0, middle))
    await this.#again(rest.slice(middle))
  }

  /** Step 6, and delivered it is only then: what is moved is recorded. */
  async #record(letters: readonly Letter[], intent: Intent, { tokens, appended }: Found): Promise<void> {
    const stored = letters.filter((_, nth) => tokens.has((intent.entries[nth] as IntentEntry).token))
    // First counted, then recorded: the counts are on disk with the record.
    this.#counts.stored += stored.length
    for (const { octets } of stored) this.#counts.bytes += octets
    const records = await this.#world.intents.record(intent, tokens)
    if (stored.length === 0) return
    await this.#deliver({ appended, letters: stored.map(({ octets, envelope }) => ({ octets, envelope })) })
    await this.#refusals.stored()
    for (const [nth, { sighting }] of stored.entries())
      this.#stored({ message: sighting.message, record: records[nth] as LedgerRecord, sighting })
  }

  /** One delivery at a time, so that they come in order; one that failed fails the batch that would be worth the next. */
  async #deliver(recorded: Recorded): Promise<void> {
    this.#undelivered.push(recorded)
    const waiting = this.#undelivered.reduce((sum, { appended }) => sum + appended.uids.length, 0)
    if (waiting < this.#world.store.deliveredTogether) return
    await this.#delivering
    this.#deliverAll()
  }

  #deliverAll(): void {
    for (const together of byUidValidity(this.#undelivered.splice(0))) this.#deliverTogether(together)
  }

  #deliverTogether(all: readonly Recorded[]): void {
    const uidValidity = all[0]?.appended.uidValidity
    const together = { uidValidity, uids: all.flatMap(({ appended }) => appended.uids) }
    const { destinationId, folder } = this.#account
    const arrivals = all.flatMap((recorded) => arrivalsOf(recorded, folder, this.#world.clock.nowMs()))
    this.#delivering = this.#delivering.then(async () => {
      const there = (await this.#world.store.deliver(folder, together)) ?? together
      const position = positionAfter(there)
      if (position !== undefined) this.#reached = { destinationId, folder, ...position }
      const called = new Map(together.uids.map((uid, nth) => [uid, there.uids[nth]]))
      this.#world.arrived(arrivals.map((one) => ({ ...one, uid: one.uid && called.get(one.uid) })))
    })
    this.#delivering.catch(() => {})
  }

  async #again(letters: readonly Letter[]): Promise<void> {
    if (letters.length > 0) await this.#store(await this.#intend(letters))
  }
}

/** What of a batch the ledger has. */
interface Recorded {
  readonly appended: Appended
  readonly letters: readonly Arrived[]
}

/** What is kept of a letter when its bytes are not any more. */
type Arrived = Pick<Letter, 'octets' | 'envelope'>

/** A batch whose intent is on disk. */
interface Intended {
  readonly letters: readonly Letter[]
  readonly intent: Intent
  readonly nowMs: number
}

/**
 * Takes over what earlier runs have left: asks the store about every intent, and has delivered what was not. A token proves its own
 * message and no other: not every server's MULTIAPPEND is all or nothing (RFC 3502), and a Dovecot that was killed in its midst finds
 * part of it again. What is not found is listed by the provider still, and transferred as new; that is written down last, since until
 * all is delivered and dropped the next run could still find it.
 */
export async function recover(
  { ledger, intents: port, store }: World,
  { folder }: Account,
  counts: RunCounts,
): Promise<void> {
  const intents = await port.intents()
  const left = await store.takeOver(intents)
  const isStored = ({ entries }: Intent) => entries.some(({ token }) => left.tokens.has(token))
  for (const intent of intents.filter(isStored)) {
    counts.recovered += intent.entries.filter(({ token }) => left.tokens.has(token)).length
    await port.record(intent, left.tokens)
  }
  let records: PackedRecords | undefined
  await left.deliver(folder, async (fingerprint, uidl) => {
    const all = (records ??= (await ledger.view()).records)
    const bearing = all.bearing('fingerprint', fingerprint).map((index) => all.at(index))
    return bearing.filter((one) => one.state === 'stored' && (uidl === undefined || one.uidl === uidl)).length
  })
  for (const intent of intents) if (!isStored(intent)) await port.record(intent, nothing)
}

function all(intent: Intent): ReadonlySet<Token> {
  return new Set(intent.entries.map(({ token }) => token))
}

/** A store that names fewer UIDs than it was sent messages has not taken all of them; one that names none has no UIDPLUS. */
function tellsOfAll({ uids }: Appended, messages: number): boolean {
  return uids.length === 0 || uids.length >= messages
}

/** Behind what was appended. Undefined where the store does not tell (no UIDPLUS): then it is asked again. */
function positionAfter({ uidValidity, uids }: Appended): FolderPosition | undefined {
  if (uidValidity === undefined || uids.length === 0) return undefined
  return { uidValidity, uidNext: Math.max(...uids) + 1 }
}

/** As they stand where they were appended. */
function arrivalsOf({ appended: { uids }, letters }: Recorded, folder: string, storedAtMs: number): Arrival[] {
  const told = uids.length === letters.length
  return letters.map(({ octets, envelope }, nth) => {
    return { storedAtMs, octets, envelope, folder, uid: told ? uids[nth] : undefined }
  })
}

/** Neighbours that a UID means the same for: a folder that was made anew meanwhile counts from 1 again (RFC 9051 section 2.3.1.1). */
function byUidValidity(all: readonly Recorded[]): Recorded[][] {
  const groups: Recorded[][] = []
  for (const recorded of all) {
    const group = groups.at(-1)
    if (group === undefined || group[0]?.appended.uidValidity !== recorded.appended.uidValidity) groups.push([recorded])
    else group.push(recorded)
  }
  return groups
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
