/** Reads the trace lines of one account back from the store, and adds to its ledger the messages that it lacks. */
import type { Account } from '../account/account.ts'
import { sourcesOf } from '../account/sources.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { type FolderMark, type LedgerRecord, newRecord } from '../ledger/ledger.ts'
import type { PackedRecords } from '../ledger/packed-records.ts'
import { limits } from '../limits.ts'
import type { ShortHash, Token } from '../mail/message.ts'
import type { PullRun, World } from './ports.ts'
import type { TracedFolder, TraceLine, Traces } from './trace-ports.ts'
import { Unmatched } from './unmatched.ts'

/** Opens a connection for the trace lines, and closes it in every case. */
export async function withTraces<T>(world: World, use: (traces: Traces) => Promise<T>): Promise<T> {
  const traces = await world.openTraces()
  try {
    return await use(traces)
  } finally {
    traces.close()
  }
}

/** The mark behind the messages that were read. UIDs only ascend: later messages stand behind the last one that was there. */
export function markBehind(
  { destinationId, folder }: Account,
  opened: TracedFolder,
  uids: readonly number[],
): FolderMark {
  const { uidValidity, uidNext = (uids.at(-1) ?? 0) + 1 } = opened
  return { destinationId, folder, uidValidity, uidNext }
}

/** A trace line, and the folder where it was read. */
interface Place {
  readonly path: string
  readonly line: TraceLine
}

/** A stored message whose record has no digest. */
interface Undigested {
  readonly path: string
  readonly uid: number
  readonly record: LedgerRecord
}

/** Matches trace lines with the ledger: each token once, and each record with one of them. */
export class TraceReading {
  readonly #run: PullRun
  readonly #traces: Traces
  readonly #sources: ReadonlySet<ShortHash>
  readonly #records: PackedRecords
  readonly #unmatched: Unmatched
  /** True if the account deletes at the provider: its copies are proven by their bytes first, whatever size LIST gives. */
  readonly #deletes: boolean
  readonly #tokens = new Set<Token>()
  /** The adopted messages by fingerprint. A message without a digest needs one as soon as another message bears the same fingerprint. */
  readonly #adopted = new Map<ShortHash, Undigested | undefined>()
  /** Lines whose fingerprint the ledger knows under another UIDL alone: the provider may have renamed the messages. */
  readonly #renamed: Place[] = []

  constructor(run: PullRun, traces: Traces, records: PackedRecords) {
    this.#run = run
    this.#traces = traces
    this.#sources = sourcesOf(run.account)
    this.#records = records
    this.#unmatched = new Unmatched(records)
    this.#deletes = run.account.retention.mode !== 'keep'
  }

  /** Adopts the messages of this folder that bear a line of the account and are in no record. */
  async read(folder: TracedFolder, uids: readonly number[]): Promise<void> {
    for (let from = 0; from < uids.length; from += limits.sliceValues) {
      const newLines: TraceLine[] = []
      const undigested: Undigested[] = []
      for await (const line of folder.lines(uids.slice(from, from + limits.sliceValues))) {
        if (!this.#sources.has(line.source) || this.#tokens.has(line.token)) continue
        this.#tokens.add(line.token)
        const bearing = this.#bearing(line)
        const record = bearing.find(({ uidl }) => uidl === line.uidl)
        if (record !== undefined) {
          this.#unmatched.match(record)
          // The record was made when the account deleted nothing at the provider.
          if (this.#deletes && record.digest === undefined)
            undigested.push({ path: folder.path, uid: line.uid, record })
        } else if (bearing.length > 0) this.#renamed.push({ path: folder.path, line })
        else newLines.push(line)
      }
      await this.#adopt(folder, newLines)
      await this.#digest(folder, undigested)
      if (this.#run.world.stopping()) throw new SessionFailed({ kind: 'stopped' })
    }
  }

  /**
   * Decides about the lines that may belong to renamed messages, when all others have been read.
   *
   * @param isWhole whether all of the account's own folder was read: only then may a record without a line belong to a renamed message.
   */
  async end(isWhole: boolean): Promise<void> {
    for (const { path, line } of this.#renamed) {
      const folder = await this.#traces.open(path)
      if (folder === undefined) continue
      if (!isWhole || !(await this.#isKnown(folder, line))) await this.#adopt(folder, [line])
    }
  }

  async #isKnown(folder: TracedFolder, line: TraceLine): Promise<boolean> {
    const candidates = this.#bearing(line)
    if (candidates.length === 0) return false
    let record = line.weak ? undefined : candidates[0]
    if (line.weak) {
      for await (const { digest } of folder.originals([line.uid], () => true))
        record = candidates.find((candidate) => candidate.digest === digest)
    }
    return record !== undefined && this.#unmatched.match(record)
  }

  #bearing({ fingerprint }: TraceLine): LedgerRecord[] {
    return this.#unmatched.bearing('fingerprint', fingerprint).filter(({ state }) => state === 'stored')
  }

  async #adopt(folder: TracedFolder, lines: readonly TraceLine[]): Promise<void> {
    if (lines.length === 0) return
    const byUid = new Map(lines.map((line) => [line.uid, line]))
    const needsDigest = this.#needingDigest(lines)
    const nowMs = this.#run.world.clock.nowMs()
    const adopted: TraceLine[] = []
    const records = []
    for await (const { uid, octets, digest } of folder.originals([...byUid.keys()], (uid) => needsDigest.has(uid))) {
      const line = byUid.get(uid)
      // The message may have been removed a moment ago.
      if (line === undefined) continue
      adopted.push(line)
      const fingerprint = { hash: line.fingerprint, weak: line.weak }
      const record = newRecord('stored', { uidl: line.uidl, fingerprint, digest, size: octets }, nowMs)
      // Whether the provider still has this message is not known: what it lists is proven by its bytes, where they are known here.
      records.push({ ...record, resized: digest !== undefined })
    }
    // They are counted first: the counts are written with the records.
    this.#run.counts.recovered += records.length
    const added = await this.#run.world.ledger.adopt(records)
    this.#run.world.progress()
    await this.#digestDoubles(folder, adopted, added)
  }

  /** The UIDs of messages that their header alone does not tell from others. */
  #needingDigest(lines: readonly TraceLine[]): ReadonlySet<number> {
    const times = new Map<ShortHash, number>()
    for (const { fingerprint } of lines) times.set(fingerprint, (times.get(fingerprint) ?? 0) + 1)
    const isShared = (fingerprint: ShortHash) =>
      times.get(fingerprint) !== 1 ||
      this.#adopted.has(fingerprint) ||
      this.#records.bearing('fingerprint', fingerprint).length > 0
    // Without a UIDL too, nothing but its bytes will ever permit its deletion (receipt.ts).
    const needing = lines.filter(
      ({ weak, uidl, fingerprint }) => this.#deletes || weak || uidl === undefined || isShared(fingerprint),
    )
    return new Set(needing.map(({ uid }) => uid))
  }

  /** Gives digests to messages that were adopted without one, now that another message bears their fingerprint. */
  async #digestDoubles(
    folder: TracedFolder,
    lines: readonly TraceLine[],
    records: readonly LedgerRecord[],
  ): Promise<void> {
    const doubles: Undigested[] = []
    for (const [nth, { uid, fingerprint }] of lines.entries()) {
      const before = this.#adopted.get(fingerprint)
      if (before !== undefined) doubles.push(before)
      const record = records[nth]
      const isUndigested = record !== undefined && record.digest === undefined
      this.#adopted.set(fingerprint, isUndigested ? { path: folder.path, uid, record } : undefined)
    }
    for (const double of doubles) {
      const other = await this.#traces.open(double.path)
      if (other !== undefined) await this.#digest(other, [double])
    }
    if (doubles.length > 0) await this.#traces.open(folder.path)
  }

  /** Amends the records of messages in this folder with their digests. */
  async #digest(folder: TracedFolder, undigested: readonly Undigested[]): Promise<void> {
    const byUid = new Map(undigested.map(({ uid, record }) => [uid, record]))
    const learnt: LedgerRecord[] = []
    for await (const { uid, digest } of folder.originals([...byUid.keys()], () => true)) {
      const record = byUid.get(uid)
      if (record !== undefined) learnt.push({ ...record, digest })
    }
    await this.#run.world.ledger.amend(learnt)
  }
}
