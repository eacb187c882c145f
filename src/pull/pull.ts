/**
 * START HERE: the way of a message, in the order of its effects. Each step stands in the file of its name; the interfaces to the world
 * are in ports.ts. Nothing in this folder opens a connection or knows how data are stored.
 */
import type { Account } from '../account/account.ts'
import { NoRoom } from '../budget.ts'
import { pausesDestination } from '../failure/consequence.ts'
import { endingWords } from '../failure/ending.ts'
import type { Failure } from '../failure/failure.ts'
import { RetrievalFailed, SessionFailed } from '../failure/session-failed.ts'
import { isTokenCut } from '../failure/token-ended.ts'
import type { RunCounts } from '../runs/run.ts'
import { append } from './append.ts'
import { Deposit } from './deposit.ts'
import { reconsider } from './doubt.ts'
import { erase, mark } from './erase.ts'
import { idlePlan } from './idle-plan.ts'
import { intend, type Intended } from './intend.ts'
import type { LedgerView } from './ledger-ports.ts'
import type { Letter } from './letter.ts'
import type { PullRun, World } from './ports.ts'
import { ProviderRefusals } from './provider-refusals.ts'
import { record } from './record.ts'
import { remember } from './remember.ts'
import { resolve } from './resolve.ts'
import { retrieve, retrieveDoubted, retrieveStored } from './retrieve.ts'
import { spooled } from './spool.ts'
import { survey } from './survey.ts'
import { Suspects } from './suspects.ts'
import { PullSession, type RunMemory } from './session.ts'
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
 * 7. mark deleted what the account's retention says, receipts in hand; remember what the listing has taught; erase by QUIT. Only `+OK`
 *    to QUIT counts as deleted. What goes wrong from QUIT on fails nothing: the mail is stored.
 *
 * A crash has these costs. Before 4: nothing has happened. Between 4 and 6: step 1 of the next run asks the store which of the intent's
 * tokens it holds, and records those. After 6: the ledger knows the message. Between 7 and QUIT: the server removes nothing (RFC 1939
 * section 6), and the next run marks again. After QUIT: the ledger does not know that the message is gone, and misses it first.
 *
 * A message that fails again and again is set aside and holds up no other (suspects.ts). If it broke the session, the rest of the run is
 * another session without it. A run that has had its time ends at a window's edge, with steps 4 to 7 for what has come.
 *
 * @param counts grows as the run goes, so that a run that fails still reports what it did.
 * @returns why messages are deferred, if any of them was due: the run is done all the same.
 */
export async function pullAccount(world: World, account: Account, counts: RunCounts): Promise<Failure | undefined> {
  const run: PullRun = { world, account, counts }
  const suspects = new Suspects(run)
  const windows = new WindowSize(() => world.overtimeMs() >= 0 || world.isWanted())
  const memory: RunMemory = {
    suspects,
    providerRefusals: new ProviderRefusals(run, suspects),
    windows,
    unasked: 0,
    known: undefined,
  }
  try {
    let rest = nothing
    const leave = (error: unknown): Rest => {
      if (error instanceof NoRoom) {
        world.leavesMore('place')
        return nothing
      }
      if (rest === nothing || (rest.messages > 0 && counts.stored === 0) || !isProviders(error)) throw error
      if (memory.unasked > 0) suspects.leave(memory.unasked, error.failure)
      const reason = endingWords(error.failure)
      if (rest.deletions > 0) world.notice({ event: 'deletion not confirmed', messages: rest.deletions, reason })
      return nothing
    }
    do rest = await makeSession(run, memory).catch(leave)
    while (rest !== nothing && world.overtimeMs() < 0)
    if (rest !== nothing) world.leavesMore('time')
  } finally {
    await memory.providerRefusals.end()
    counts.deferred = suspects.deferred
    await suspects.returned()
    if (windows.news !== null) await world.attempts.noteWindow(windows.news)
  }
  const { known } = memory
  if (known !== undefined && suspects.deferred === 0) await world.ledger.noteKnown(known)
  suspects.demandProgress()
  return suspects.failure
}

/** What another session of the run may do: bring so many messages more, and delete so many that are stored. */
interface Rest {
  readonly messages: number
  readonly deletions: number
}

const nothing: Rest = { messages: 0, deletions: 0 }

/**
 * Makes one session. There is a rest if it broke at a message, and the rest is done without that one, or if the provider ends each session
 * after some messages.
 */
async function makeSession(run: PullRun, memory: RunMemory): Promise<Rest> {
  const { suspects, providerRefusals, windows } = memory
  memory.known = undefined
  const view = await storeSpooled(run, suspects, await resolve(run))
  windows.begin(view.window)
  const maildrop = await run.world.openMaildrop(windows).catch((error: unknown) => {
    throw windows.instead(error)
  })
  const session = new PullSession(run, memory, view, maildrop)
  const { deposit } = session
  providerRefusals.begin()
  try {
    const findings = await survey(session)
    await transfer(deposit, retrieve(session, findings))
    for await (const messages of reconsider(session, findings))
      await transfer(deposit, retrieveDoubted(session, findings, messages))
    for await (const messages of mark(session, findings))
      await transfer(deposit, retrieveStored(session, findings, messages))
    // Where nothing gets on, it would go on at once for ever.
    const getsOn = deposit.hasBegun || session.erasures.marked.length > 0
    if (findings.leftOut > 0 && getsOn) session.endsEarly ??= 'time'
    await remember(session, findings)
    await erase(session, findings)
    memory.known = session.endsEarly === undefined ? await idlePlan(session, findings) : undefined
    if (session.endsEarly !== undefined) run.world.leavesMore(session.endsEarly)
    else if (session.remaining > 0 && providerRefusals.limit === undefined) throw new SessionFailed({ kind: 'stopped' })
    return session.isFollowed ? { messages: 0, deletions: session.unproven } : nothing
  } catch (error) {
    await deposit.settled()
    // A session that got no listing leaves what the one before has left. The message that broke this one is deferred by itself.
    if (session.hasBegun) memory.unasked = session.remaining - (error instanceof RetrievalFailed ? 1 : 0)
    const isLimit = windows.hasGiven
    const goesOn = windows.broke(error, maildrop)
    // The token has ended the session, and no message.
    const hasMore = !isCutByToken(error) && (await providerRefusals.blame(error, isLimit))
    const isAtTop = suspects.peeks.takeBreak() && !run.world.stopping()
    if (goesOn || ((isAtTop || hasMore) && maildrop.loginDelayMs === 0)) {
      await deposit.refusals.settle()
      // A session that ended at TOP left at least the work for which it was made.
      if (!session.hasBegun) memory.unasked ||= 1
      return { messages: Math.max(1, session.remaining), deletions: 0 }
    }
    throw error
  } finally {
    maildrop.abandon()
    await deposit.settled()
  }
}

/** Whether the provider ends a run that has brought mail: the rest comes with the next one (CONTRACT section 5, `deferred`). */
function isProviders(error: unknown): error is SessionFailed {
  const kinds = ['unreachable', 'silent', 'broken protocol', 'provider refused', 'maildrop in use', 'throttled']
  return (
    error instanceof SessionFailed &&
    kinds.includes(error.failure.kind) &&
    !isCutByToken(error) &&
    !pausesDestination(error.failure)
  )
}

/** Whoever made the run goes on with another token. */
function isCutByToken(error: unknown): boolean {
  return error instanceof SessionFailed && isTokenCut(error.failure)
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
async function storeSpooled(run: PullRun, suspects: Suspects, view: LedgerView): Promise<LedgerView> {
  await suspects.recall(view)
  const deposit = new Deposit(run, suspects)
  try {
    await transfer(deposit, spooled(run, suspects, view))
    await deposit.refusals.settle()
  } finally {
    await deposit.settled()
  }
  return deposit.hasBegun ? await run.world.ledger.view() : view
}
