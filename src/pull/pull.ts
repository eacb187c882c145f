/** START HERE: the way of a message. */
import type { Account } from '../account/account.ts'
import { Deposit, recover } from './deposit.ts'
import { type Letter, letterOf } from './letter.ts'
import type { LedgerRecord } from '../ledger/ledger.ts'
import type { Retrieved } from '../mail/message.ts'
import { forgettable, gone, isBeforeFirstRun, isDue, missing, sameBytes, type Seen, seenAgain } from './plan.ts'
import type { Deletable, World } from './ports.ts'
import { prove } from '../ledger/receipt.ts'
import { reconciled } from './reconcile.ts'
import { Refusals } from './refusals.ts'
import type { RunCounts } from '../runs/run.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { deliverSpooled } from './spool.ts'
import { survey } from './survey.ts'
import { Suspects } from './suspects.ts'

/**
 * Moves one account's new mail from its POP3 maildrop into the store. In this order and no other:
 *
 * 1. resolve what an earlier run left uncertain: its intents; and, where Redis may be older than the store, what that holds
 *    and the ledger does not know (reconcile.ts). What was spooled (spool.ts) goes into the store, as 4 to 6 say;
 * 2. list, look, and decide everything before doing any of it (survey.ts, plan.ts);
 * 3. retrieve, in windows that a barrier has closed; the next ones are on their way while this one is being stored;
 * 4. write the intent for a batch; 5. append the batch; 6. record the receipts (all three in deposit.ts);
 * 7. mark deleted what the account's retention says, receipts in hand; QUIT; only `+OK` to QUIT counts as deleted.
 *
 * What a crash costs. Before 4: nothing has happened. Between 4 and 6: step 1 of the next run asks the store which of the
 * intent's tokens it holds, and records those. After 6: the ledger knows the message. Between 7 and QUIT: the server
 * removes nothing (RFC 1939 section 6), and the next run marks again. After QUIT: the record is missed, no more.
 *
 * A message whose retrieval goes wrong again and again is set aside and holds up no other (suspects.ts); where it broke the
 * session, the visit is made once more without it.
 *
 * @param counts grows as the run goes, so that a run that fails still tells what it did.
 */
export async function pullAccount(world: World, account: Account, counts: RunCounts): Promise<void> {
  const suspects = new Suspects(world, account, counts)
  try {
    for (let over = false; !over; ) over = await visit(world, account, counts, suspects)
  } finally {
    await suspects.returned()
  }
}

/** One session. False: it broke at a message that is set aside now. */
async function visit(world: World, account: Account, counts: RunCounts, suspects: Suspects): Promise<boolean> {
  const { ledger } = world
  await recover(world, account, counts)
  let view = await reconciled(world, account, counts)
  if (await deliverSpooled(world, account, counts, view)) view = await ledger.view()
  const maildrop = await world.openMaildrop()
  let deposit: Deposit | undefined
  try {
    const nowMs = world.clock.nowMs()
    // Asked each time: the clock may be stepped during the run.
    const steady = () => world.clock.steadySince(view.lastSeenMs)
    const due = (record: LedgerRecord) => isDue(record, account.retention, nowMs, steady())
    const amend: LedgerRecord[] = []
    let renamed = 0
    const marks: (Deletable & { readonly index: number })[] = []
    const mark = ({ message: { number }, record, sighting }: Seen) => {
      const receipt = due(record) ? prove(record, sighting) : undefined
      if (receipt !== undefined) marks.push({ number, receipt, index: record.index })
    }
    const saw = (known: Seen) => {
      const again = seenAgain(known)
      if (again !== undefined) amend.push(again)
      if (again !== undefined && again.uidl !== known.record.uidl) renamed += 1
      mark(known)
    }
    const learnt = (record: LedgerRecord) => void amend.push(record)
    const found = await survey(world, account, maildrop, view, counts, { nowMs, due, saw, learnt })
    const { unmatched } = found

    const turns = await suspects.turns(view, found)
    const of = turns.usual.length + turns.last.length
    let left = of
    world.progress({ messages: 0, of })
    const refusals = new Refusals(world.quarantine, view.records, counts)
    const put = (deposit = new Deposit(world, account, counts, refusals, mark))
    for await (const window of suspects.windows(maildrop, turns, () => put.done())) {
      const fresh: Letter[] = []
      const passed: Retrieved[] = []
      for (const retrieved of maildrop.hidesRetrieved ? await world.spool.spool(window.retrieved) : window.retrieved) {
        const letter = await letterOf(retrieved, nowMs)
        const { sighting } = letter
        const { message } = sighting
        // Of all that comes: TOP may have shown another header than this one, and the listing another name.
        const record = sameBytes(sighting, unmatched)
        if (record !== undefined && unmatched.match(record) && !found.retried(record))
          saw({ message, record, sighting })
        else if (found.choosing && isBeforeFirstRun(account.firstRun, sighting.arrived, nowMs))
          await ledger.skip(sighting)
        else fresh.push(letter)
        if (fresh.at(-1) !== letter) passed.push(retrieved)
      }
      if (maildrop.hidesRetrieved) await world.spool.letGo(passed)
      await deposit.put(fresh, window.release)
      await suspects.came(window)
      left -= window.retrieved.length + window.refused.length + window.cut.length
      world.progress({ messages: of - left, of })
      if (world.stopping()) break
    }
    await deposit.done()
    if (deposit.reached !== undefined) await ledger.whole(deposit.reached)
    const ofStore = await refusals.settle()
    const refusal = ofStore ?? (await suspects.settle())
    if (found.choosing && left === 0) await ledger.begin([])

    const complete = left === 0 && found.listed > 0
    await ledger.amend(amend)
    if (renamed > 0) world.notice({ event: 'ids changed', renamed, listed: found.listed })
    if (complete) await ledger.amend(missing(unmatched, nowMs))

    const marked = await maildrop.markDeleted(marks)
    await maildrop.quit()
    counts.deleted += marked
    await ledger.amend(gone(marks, (await ledger.view()).records, nowMs))
    if (complete && steady()) await ledger.forget(forgettable(unmatched, nowMs))
    if (left > 0) throw new SessionFailed({ kind: 'stopped' })
    if (refusal !== undefined) throw refusal
    return true
  } catch (error) {
    await deposit?.settled()
    if (await suspects.blame(error)) return false
    throw error
  } finally {
    maildrop.abandon()
    await deposit?.settled()
  }
}
