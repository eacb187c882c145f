/** START HERE: the way of a message. */
import type { Account } from './account.ts'
import { Deposit, recover } from './deposit.ts'
import { SessionFailed } from './failure.ts'
import { type Letter, letterOf } from './letter.ts'
import type { StoredRecord } from './ledger.ts'
import { forgettable, gone, isBeforeFirstRun, isDue, missing, sameBytes, type Seen, seenAgain } from './plan.ts'
import type { Deletable, World } from './ports.ts'
import { prove } from './receipt.ts'
import { Refusals } from './refusals.ts'
import type { RunCounts } from './run.ts'
import { survey } from './survey.ts'

/**
 * Moves one account's new mail from its POP3 maildrop into the store. In this order and no other:
 *
 * 1. resolve what an earlier run left uncertain: its intents;
 * 2. list, look, and decide everything before doing any of it (survey.ts, plan.ts);
 * 3. retrieve, in windows that a barrier has closed; the next ones are on their way while this one is being stored;
 * 4. write the intent for a batch; 5. append the batch; 6. record the receipts (all three in deposit.ts);
 * 7. mark deleted what the account's retention says, receipts in hand; QUIT; only `+OK` to QUIT counts as deleted.
 *
 * What a crash costs. Before 4: nothing has happened. Between 4 and 6: step 1 of the next run asks the store which of the
 * intent's tokens it holds, and records those. After 6: the ledger knows the message. Between 7 and QUIT: the server
 * removes nothing (RFC 1939 section 6), and the next run marks again. After QUIT: the record is missed, no more.
 *
 * @param counts grows as the run goes, so that a run that fails still tells what it did.
 */
export async function pullAccount(world: World, account: Account, counts: RunCounts): Promise<void> {
  const { ledger } = world
  await recover(world, counts)
  const view = await ledger.view()
  const maildrop = await world.openMaildrop()
  let deposit: Deposit | undefined
  try {
    const nowMs = world.clock.nowMs()
    // Asked each time: the clock may be stepped during the run.
    const steady = () => world.clock.steadySince(view.lastSeenMs)
    const due = (record: StoredRecord) => isDue(record, account.retention, nowMs, steady())
    const amend: StoredRecord[] = []
    const marks: (Deletable & { readonly index: number })[] = []
    const mark = ({ message: { number }, record, sighting }: Seen) => {
      const receipt = due(record) ? prove(record, sighting) : undefined
      if (receipt !== undefined) marks.push({ number, receipt, index: record.index })
    }
    const saw = (known: Seen) => {
      const again = seenAgain(known)
      if (again !== undefined) amend.push(again)
      mark(known)
    }
    const learnt = (record: StoredRecord) => void amend.push(record)
    const found = await survey(world, account, maildrop, view, counts, { nowMs, due, saw, learnt })
    const { unmatched } = found

    let left = found.wanted.length
    let refusal: SessionFailed | undefined
    const refusals = new Refusals(ledger, view.records, counts)
    deposit = new Deposit(world, account, counts, refusals, mark)
    for await (const window of maildrop.retrieve(found.wanted, account.maxMessageBytes)) {
      const fresh: Letter[] = []
      for (const retrieved of window.retrieved) {
        const letter = await letterOf(retrieved, nowMs)
        const { sighting } = letter
        const { message } = sighting
        const record = found.uncertain.has(message) ? sameBytes(sighting, unmatched) : undefined
        if (record !== undefined && unmatched.match(record)) saw({ message, record, sighting })
        else if (found.choosing && isBeforeFirstRun(account.firstRun, sighting.arrived, nowMs))
          await ledger.skip(sighting)
        else fresh.push(letter)
      }
      await deposit.put(fresh, window.release)
      world.progress()
      for (const { message, reply } of window.refused) {
        refusal ??= new SessionFailed({
          kind: 'provider refused',
          server: account.host,
          during: `RETR ${message.number}`,
          reply,
        })
      }
      left -= window.retrieved.length + window.refused.length
      if (world.stopping()) break
    }
    await deposit.done()
    refusal = (await refusals.settle()) ?? refusal
    if (found.choosing && left === 0) await ledger.begin([])

    const complete = left === 0 && found.listed > 0
    await ledger.amend(amend)
    if (complete) await ledger.amend(missing(unmatched, nowMs))

    const marked = await maildrop.markDeleted(marks)
    await maildrop.quit()
    counts.deleted += marked
    await ledger.amend(gone(marks, (await ledger.view()).records, nowMs))
    if (complete && steady()) await ledger.forget(forgettable(unmatched, nowMs))
    if (left > 0) throw new SessionFailed({ kind: 'stopped' })
    if (refusal !== undefined) throw refusal
  } finally {
    maildrop.abandon()
    await deposit?.settled()
  }
}
