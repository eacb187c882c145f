/**
 * START HERE: the way of a message, in the order of its effects. Each step stands in the file of its name; the interfaces to the world
 * are in ports.ts. Nothing in this folder opens a connection or knows how data are stored.
 */
import type { Account } from '../account/account.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import type { RunCounts } from '../runs/run.ts'
import { append } from './append.ts'
import { Deposit } from './deposit.ts'
import { erase } from './erase.ts'
import { intend, type Intended } from './intend.ts'
import type { LedgerView } from './ledger-ports.ts'
import type { Letter } from './letter.ts'
import type { PullRun, World } from './ports.ts'
import { record } from './record.ts'
import { forget, remember } from './remember.ts'
import { resolve } from './resolve.ts'
import { retrieve } from './retrieve.ts'
import { spooled } from './spool.ts'
import { survey } from './survey.ts'
import { Suspects } from './suspects.ts'
import { PullSession } from './session.ts'
import { WindowSize } from './window-size.ts'

/**
 * Moves one account's new mail from its POP3 maildrop into the store. In this order and no other:
 *
 * 1. resolve what an earlier run left uncertain: its intents; and where Redis may be older than the store, what the store holds and the
 *    ledger does not know. What an earlier run has spooled then goes through steps 4 to 6;
 * 2. survey: list the maildrop, look at headers, and decide everything before any of it is done;
 * 3. retrieve new messages, in windows that a barrier has closed. The next windows are on their way while a batch is being stored;
 * 4. intend: write down a batch before it is sent;
 * 5. append it;
 * 6. record what the store holds of it;
 * 7. erase: mark deleted what the account's retention says, receipts in hand, and QUIT. Only `+OK` to QUIT counts as deleted.
 *
 * A crash has these costs. Before 4: nothing has happened. Between 4 and 6: step 1 of the next run asks the store which of the intent's
 * tokens it holds, and records those. After 6: the ledger knows the message. Between 7 and QUIT: the server removes nothing (RFC 1939
 * section 6), and the next run marks again. After QUIT: the ledger does not know that the message is gone, and misses it first.
 *
 * A message whose retrieval goes wrong again and again is set aside and holds up no other (suspects.ts). If it broke the session, the
 * rest of the run is another session without it.
 *
 * @param counts grows as the run goes, so that a run that fails still reports what it did.
 */
export async function pullAccount(world: World, account: Account, counts: RunCounts): Promise<void> {
  const run: PullRun = { world, account, counts }
  const suspects = new Suspects(run)
  const windows = new WindowSize()
  try {
    let isOver = false
    while (!isOver) isOver = await makeSession(run, suspects, windows)
  } finally {
    await suspects.returned()
    if (windows.news !== null) await world.attempts.noteWindow(windows.news)
  }
}

/**
 * Makes one session. The answer is false if there is more to do: it broke at a message that is now set aside, or the provider ends each
 * session after some messages.
 */
async function makeSession(run: PullRun, suspects: Suspects, windows: WindowSize): Promise<boolean> {
  const view = await storeSpooled(run, await resolve(run))
  windows.begin(view.window)
  const maildrop = await run.world.openMaildrop(windows).catch((error: unknown) => {
    throw windows.instead(error)
  })
  const session = new PullSession(run, view, maildrop)
  const { deposit } = session
  try {
    const findings = await survey(session)
    await transfer(deposit, retrieve(session, findings, suspects))
    const failure = await remember(session, findings, suspects)
    await erase(session)
    await forget(session, findings)
    if (session.remaining > 0) throw new SessionFailed({ kind: 'stopped' })
    if (failure !== undefined) throw failure
    return true
  } catch (error) {
    await deposit.settled()
    const goesOn = windows.broke(error, maildrop)
    if ((await suspects.blame(error)) || goesOn) return false
    throw error
  } finally {
    maildrop.abandon()
    await deposit.settled()
  }
}

/** Steps 4 to 6 for each batch. While one is being appended, the intent of the next one is written. */
async function transfer(deposit: Deposit, batches: AsyncIterable<readonly Letter[]>): Promise<void> {
  for await (const batch of batches) {
    const intended = await intend(deposit, batch)
    await deposit.follow(() => store(deposit, intended))
    // A batch of one large message is held alone, not beside the next one.
    if (deposit.isLarge(batch)) await deposit.stored()
  }
  await deposit.done()
}

/** Does steps 5 and 6 for one batch. It then repeats steps 4 to 6 for those parts that the store refused and may take by themselves. */
async function store(deposit: Deposit, intended: Intended): Promise<void> {
  const answer = await append(deposit, intended)
  const parts = await record(deposit, intended, answer)
  for (const part of parts) await store(deposit, await intend(deposit, part))
}

/** Stores the messages that earlier runs have spooled: the provider may not show them again. The answer is the ledger after that. */
async function storeSpooled(run: PullRun, view: LedgerView): Promise<LedgerView> {
  const deposit = new Deposit(run, view.records)
  try {
    await transfer(deposit, spooled(run, view))
    const failure = await deposit.refusals.settle()
    if (failure !== undefined) throw failure
  } finally {
    await deposit.settled()
  }
  return deposit.hasBegun ? await run.world.ledger.view() : view
}
