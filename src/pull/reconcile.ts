/**
 * The ledger made whole again from the store, whose messages bear our trace lines: by itself where Redis may be older than
 * the store (`reconciled`), and by hand where it is empty (`rebuild`). docs/decisions/0014.
 */
import type { Account } from '../account/account.ts'
import { recover } from './deposit.ts'
import { sourceHash } from '../mail/header.ts'
import { type Continuity, newRecord, type LedgerRecord } from '../ledger/ledger.ts'
import { type ShortHash, type Token } from '../mail/message.ts'
import { limits } from '../limits.ts'
import { pullLimits } from './limits.ts'
import { Unmatched } from './plan.ts'
import type { LedgerView } from './ledger-ports.ts'
import type { World } from './ports.ts'
import type { TracedFolder, TraceLine, Traces } from './trace-ports.ts'
import type { PackedRecords } from '../ledger/packed-records.ts'
import type { RunCounts } from '../runs/run.ts'
import { SessionFailed } from '../failure/session-failed.ts'

/** What is known of the ledger before a run: `new` has nothing to lose, `doubtful` may lack what the store holds. */
export function standing(
  { keeper, keeperSinceMs, wholeUnder }: Continuity,
  records: number,
  createdAtMs: number,
): 'whole' | 'new' | 'doubtful' {
  if (wholeUnder === keeper) return 'whole'
  // An account that is older than this Redis may have run before it was restored from a copy that knows nothing of that.
  const neverRan = wholeUnder === undefined && records === 0 && createdAtMs >= keeperSinceMs
  return neverRan ? 'new' : 'doubtful'
}

/** Step 1 of a run, behind the intents: the ledger, with what the store holds and it does not know. */
export async function reconciled(world: World, account: Account, counts: RunCounts): Promise<LedgerView> {
  const { ledger } = world
  const view = await ledger.view()
  const now = standing(view.continuity, view.records.length, account.createdAtMs)
  if (now === 'whole') return view
  if (now === 'new') {
    await ledger.whole(undefined)
    return view
  }
  await withTraces(world, async (traces) => {
    const { mark } = view.continuity
    const [own = account.folder, ...others] = await traces.folders(account.folder)
    const folder = await traces.open(own)
    const held = mark?.folder === account.folder && mark.destinationId === account.destinationId ? mark : undefined
    const from = held !== undefined && held.uidValidity === folder?.uidValidity ? held.uidNext : 1
    const reading = new Reading(world, account, traces, view.records, counts)
    const uids = (await folder?.uids(from)) ?? []
    if (folder !== undefined) await reading.read(folder, uids)
    // A place without its message: somebody has moved or removed it, and it may be ours.
    if (from === 1 || folder?.uidNext === undefined || uids.length < folder.uidNext - from) {
      for (const path of others) {
        const other = await traces.open(path)
        if (other !== undefined) await reading.read(other, (await other.uids(1)).slice(-pullLimits.searchedMessagesMax))
      }
    }
    await reading.end(from === 1)
    await ledger.whole(markOf(account, folder, uids))
  })
  return await ledger.view()
}

/** Reads every folder of the destination from its first message to its last. */
export async function rebuild(world: World, account: Account, counts: RunCounts): Promise<void> {
  await recover(world, account, counts)
  const { records } = await world.ledger.view()
  await withTraces(world, async (traces) => {
    const reading = new Reading(world, account, traces, records, counts)
    let mark: ReturnType<typeof markOf>
    for (const [nth, path] of (await traces.folders(account.folder)).entries()) {
      const folder = await traces.open(path)
      if (folder === undefined) continue
      const uids = await folder.uids(1)
      if (nth === 0) mark = markOf(account, folder, uids)
      await reading.read(folder, uids)
    }
    await reading.end(true)
    await world.ledger.whole(mark)
  })
}

async function withTraces(world: World, use: (traces: Traces) => Promise<void>): Promise<void> {
  const traces = await world.openTraces()
  try {
    await use(traces)
  } finally {
    traces.close()
  }
}

/** UIDs only ascend: what comes later stands behind the last one that was there. */
function markOf({ destinationId, folder }: Account, opened: TracedFolder | undefined, uids: readonly number[]) {
  if (opened === undefined) return undefined
  const { uidValidity, uidNext = (uids.at(-1) ?? 0) + 1 } = opened
  return { destinationId, folder, uidValidity, uidNext }
}

interface Place {
  readonly path: string
  readonly line: TraceLine
}

interface Adopted {
  readonly path: string
  readonly uid: number
  readonly record: LedgerRecord
}

/** Trace lines of one account against its ledger: each token once, each record for one of them. */
class Reading {
  readonly #world: World
  readonly #traces: Traces
  readonly #source: ShortHash
  readonly #records: PackedRecords
  readonly #counts: RunCounts
  readonly #unmatched: Unmatched
  /** Its copies are proven by their bytes before they go at the provider, whatever size that tells. */
  readonly #deletes: boolean
  readonly #tokens = new Set<Token>()
  /** By fingerprint: what was adopted without a digest, should another one bear the same; undefined: it has one. */
  readonly #adopted = new Map<ShortHash, Adopted | undefined>()
  /** Known by another UIDL, if at all: the provider may have renamed them. */
  readonly #renamed: Place[] = []

  constructor(world: World, account: Account, traces: Traces, records: PackedRecords, counts: RunCounts) {
    this.#world = world
    this.#traces = traces
    this.#source = sourceHash(account)
    this.#records = records
    this.#counts = counts
    this.#unmatched = new Unmatched(records)
    this.#deletes = account.retention.mode !== 'keep'
  }

  async read(folder: TracedFolder, uids: readonly number[]): Promise<void> {
    for (let from = 0; from < uids.length; from += limits.sliceValues) {
      const found: TraceLine[] = []
      const bare: Adopted[] = []
      for await (const line of folder.lines(uids.slice(from, from + limits.sliceValues))) {
        if (line.source !== this.#source || this.#tokens.has(line.token)) continue
        this.#tokens.add(line.token)
        const bearing = this.#bearing(line)
        const record = bearing.find(({ uidl }) => uidl === line.uidl)
        if (record !== undefined) {
          this.#unmatched.match(record)
          // It was found when the account deleted nothing at the provider.
          if (this.#deletes && record.digest === undefined) bare.push({ path: folder.path, uid: line.uid, record })
        } else if (bearing.length > 0) this.#renamed.push({ path: folder.path, line })
        else found.push(line)
      }
      await this.#adopt(folder, found)
      await this.#digest(folder, bare)
      if (this.#world.stopping()) throw new SessionFailed({ kind: 'stopped' })
    }
  }

  /** @param everything of the account's own folder was read: then a record that no line was found for may be a renamed one's. */
  async end(everything: boolean): Promise<void> {
    for (const { path, line } of this.#renamed) {
      const folder = await this.#traces.open(path)
      if (folder === undefined) continue
      if (!everything || !(await this.#isKnown(folder, line))) await this.#adopt(folder, [line])
    }
  }

  async #isKnown(folder: TracedFolder, line: TraceLine): Promise<boolean> {
    const candidates = this.#bearing(line)
    if (candidates.length === 0) return false
    let record = line.weak ? undefined : candidates[0]
    if (line.weak) {
      for await (const { digest } of folder.originals([line.uid], () => true))
        record = candidates.find((one) => one.digest === digest)
    }
    return record !== undefined && this.#unmatched.match(record)
  }

  #bearing({ fingerprint }: TraceLine): LedgerRecord[] {
    return this.#unmatched.bearing('fingerprint', fingerprint).filter(({ state }) => state === 'stored')
  }

  async #adopt(folder: TracedFolder, lines: readonly TraceLine[]): Promise<void> {
    if (lines.length === 0) return
    const byUid = new Map(lines.map((line) => [line.uid, line]))
    const times = new Map<ShortHash, number>()
    for (const { fingerprint } of lines) times.set(fingerprint, (times.get(fingerprint) ?? 0) + 1)
    const shared = ({ fingerprint }: TraceLine) =>
      this.#adopted.has(fingerprint) || this.#records.bearing('fingerprint', fingerprint).length > 0
    const withDigest = (uid: number) => {
      const line = byUid.get(uid)
      return line === undefined || this.#deletes || line.weak || times.get(line.fingerprint) !== 1 || shared(line)
    }
    const nowMs = this.#world.clock.nowMs()
    const adopted: TraceLine[] = []
    const records = []
    for await (const { uid, octets, digest } of folder.originals([...byUid.keys()], withDigest)) {
      const line = byUid.get(uid)
      // It may have been removed a moment ago.
      if (line === undefined) continue
      adopted.push(line)
      const fingerprint = { hash: line.fingerprint, weak: line.weak }
      records.push(newRecord('stored', { uidl: line.uidl, fingerprint, digest, size: octets }, nowMs))
    }
    // First counted, then recorded: the counts are on disk with the records.
    this.#counts.recovered += records.length
    const kept = await this.#world.ledger.adopt(records)
    this.#world.progress()
    const bare: Adopted[] = []
    for (const [nth, { uid, fingerprint }] of adopted.entries()) {
      const before = this.#adopted.get(fingerprint)
      if (before !== undefined) bare.push(before)
      const record = kept[nth]
      const own = record !== undefined && record.digest === undefined ? { path: folder.path, uid, record } : undefined
      this.#adopted.set(fingerprint, own)
    }
    for (const one of bare) {
      const other = await this.#traces.open(one.path)
      if (other !== undefined) await this.#digest(other, [one])
    }
    if (bare.length > 0) await this.#traces.open(folder.path)
  }

  /** Records of messages in this folder learn their digest. */
  async #digest(folder: TracedFolder, bare: readonly Adopted[]): Promise<void> {
    const byUid = new Map(bare.map(({ uid, record }) => [uid, record]))
    const learnt: LedgerRecord[] = []
    for await (const { uid, digest } of folder.originals([...byUid.keys()], () => true)) {
      const record = byUid.get(uid)
      if (record !== undefined) learnt.push({ ...record, digest })
    }
    await this.#world.ledger.amend(learnt)
  }
}
