/** Step 2 of a run: list, look, and decide everything before any of it is done. */
import type { Account } from '../account/account.ts'
import { uidlHash } from '../mail/header.ts'
import type { LedgerRecord } from '../ledger/ledger.ts'
import type { Listed, Sighting } from '../mail/message.ts'
import { look, unseen } from './letter.ts'
import { isBeforeFirstRun, planSession, matchTooLarge, type Seen, settle, type Unmatched } from './plan.ts'
import type { LedgerView } from './ledger-ports.ts'
import type { Maildrop, World } from './ports.ts'
import { isSetAside, tooLarge } from './quarantine.ts'
import type { RunCounts } from '../runs/run.ts'
import { slices } from '../slices.ts'

export interface Survey {
  readonly listed: number
  /** To be retrieved, in the maildrop's order. */
  readonly wanted: readonly Listed[]
  /** What was set aside, and is to be tried again. */
  readonly again: ReadonlySet<Listed>
  /** Whether a record is of such a message. */
  readonly retried: (record: LedgerRecord) => boolean
  /** New ones whose header was looked at. */
  readonly looked: ReadonlyMap<Listed, Sighting>
  readonly unmatched: Unmatched
  /** The first run's choice is made at each message's retrieval: it goes by date, and this server has no TOP. */
  readonly choosing: boolean
}

/** What the run makes of what is seen. */
export interface Visit {
  readonly nowMs: number
  /** Whether the provider's copy is to go, by the account's retention. */
  readonly due: (record: LedgerRecord) => boolean
  /** A message that is stored, proven by its header. */
  readonly saw: (known: Seen) => void
  /** What the listing teaches about a record. */
  readonly learnt: (record: LedgerRecord) => void
}

export async function survey(
  world: World,
  account: Account,
  maildrop: Maildrop,
  view: LedgerView,
  counts: RunCounts,
  { nowMs, due, saw, learnt }: Visit,
): Promise<Survey> {
  const listing = await maildrop.list()
  counts.listed = Math.max(counts.listed, listing.length)
  world.progress()

  const retried = ({ index }: LedgerRecord) => (view.retries.get(index) ?? Infinity) <= account.maxMessageBytes
  // A record alone does not settle what is to be tried again, as with what is to be deleted.
  const open = (record: LedgerRecord) => due(record) || retried(record)
  const { amend, unmatched, ...plan } = await planSession(listing, view.records, account.maxMessageBytes, open)
  amend.forEach(learnt)
  const byDate = !view.begun && account.firstRun.mode === 'lastDays'
  const lookAt = (messages: readonly Listed[]) => look(maildrop, messages, byDate ? nowMs : undefined)
  const sightings = await lookAt(plan.look)
  const { transfer, compare } = await settle(sightings, unmatched, open, saw)

  const choosing = byDate && !maildrop.canPeek
  const looked = new Map(transfer.map((sighting) => [sighting.message, sighting]))
  let fresh = [...plan.transfer, ...looked.keys()]
  if (!view.begun && !choosing) fresh = await begin(world, account, lookAt, fresh, looked, nowMs)

  const { wanted, large } = await bySize(fresh.concat(compare), account.maxMessageBytes)
  const before = await matchTooLarge(large, unmatched)
  for (const message of large) {
    const record = before.get(message)
    if (record !== undefined && !retried(record)) continue
    counts.quarantined += 1
    await world.quarantine.quarantine(unseen(message), { failure: tooLarge(message.size, account), attempts: 0 })
  }
  const again = view.retries.size === 0 ? new Set<Listed>() : await setAside(wanted, unmatched, retried)
  return { listed: listing.length, wanted, again, retried, looked, unmatched, choosing }
}

/** Makes the first run's choice among what is new, and writes it down before anything is retrieved. Returns what to take. */
async function begin(
  { ledger }: World,
  { firstRun }: Account,
  lookAt: (messages: readonly Listed[]) => Promise<Sighting[]>,
  fresh: readonly Listed[],
  looked: ReadonlyMap<Listed, Sighting>,
  nowMs: number,
): Promise<Listed[]> {
  if (firstRun.mode === 'all') {
    await ledger.begin([])
    return [...fresh]
  }
  const unlooked = fresh.filter((message) => !looked.has(message))
  const sightings = [...looked.values(), ...(await lookAt(unlooked))]
  const skipped = sightings.filter(({ arrived }) => isBeforeFirstRun(firstRun, arrived, nowMs))
  await ledger.begin(skipped)
  const left = new Set(skipped.map(({ message }) => message))
  return fresh.filter((message) => !left.has(message))
}

/** Those of which such a record says that they were set aside; they are matched then. */
async function setAside(
  messages: readonly Listed[],
  unmatched: Unmatched,
  retried: (record: LedgerRecord) => boolean,
): Promise<Set<Listed>> {
  const found = new Set<Listed>()
  const nameless: LedgerRecord[] = []
  for await (const record of unmatched.inTurns())
    if (record.uidl === undefined && retried(record)) nameless.push(record)
  for await (const slice of slices(messages)) {
    for (const message of slice) {
      const uidl = message.uidl === undefined ? undefined : uidlHash(message.uidl)
      const candidates = uidl === undefined ? nameless : unmatched.bearing('uidl', uidl).filter(retried)
      const known = { uidl, size: message.size, digest: undefined }
      if (candidates.some((record) => isSetAside(record, known) && unmatched.match(record))) found.add(message)
    }
  }
  return found
}

/** What the account takes, in the maildrop's order, and what is larger than that by its listed size. */
async function bySize(messages: Listed[], maxOctets: number): Promise<{ wanted: Listed[]; large: Listed[] }> {
  const [wanted, large]: [Listed[], Listed[]] = [[], []]
  let ordered = true
  let last = 0
  for await (const slice of slices(messages)) {
    for (const message of slice) {
      ordered &&= message.number > last
      last = message.number
      ;(message.size <= maxOctets ? wanted : large).push(message)
    }
  }
  // Most maildrops are listed in their order, and to sort 100,000 messages takes the event loop's turn for long.
  if (!ordered) for (const some of [wanted, large]) some.sort((a, b) => a.number - b.number)
  return { wanted, large }
}
