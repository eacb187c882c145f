/** Step 3: retrieves messages in windows, and yields those that are new in batches for the store. */
import type { Listed, Retrieved, Window } from '../mail/message.ts'
import { batchesOf } from './deposit.ts'
import { type Letter, letterOf } from './letter.ts'
import { look } from './look.ts'
import { sameBytes } from './plan.ts'
import { isBeforeFirstRun } from './policy.ts'
import { portions } from './portions.ts'
import type { Survey } from './survey.ts'
import { sorted } from './sorting.ts'
import type { Turns } from './suspects.ts'
import type { PullSession } from './session.ts'

export async function* retrieve(session: PullSession, survey: Survey): AsyncGenerator<readonly Letter[]> {
  yield* retrieveTurns(session, survey, await session.suspects.turns(survey))
}

/** Retrieves messages once more that are stored, and that the provider deletes only if they were retrieved. Their records are unmatched. */
export async function* retrieveStored(
  session: PullSession,
  survey: Survey,
  messages: readonly Listed[],
): AsyncGenerator<readonly Letter[]> {
  yield* retrieveTurns(session, survey, { usual: messages, last: [], areStored: true })
}

/** Retrieves messages that were not what their ids said. */
export async function* retrieveDoubted(
  session: PullSession,
  survey: Survey,
  messages: readonly Listed[],
): AsyncGenerator<readonly Letter[]> {
  yield* retrieveTurns(session, survey, { usual: messages, last: [] })
}

async function* retrieveTurns(
  session: PullSession,
  survey: Survey,
  turns: Turns & { readonly areStored?: true },
): AsyncGenerator<readonly Letter[]> {
  const { world, maildrop, deposit, neighbours, suspects, providerRefusals, windows } = session
  const areStored = turns.areStored === true
  const all = [...turns.usual, ...turns.last]
  let due = all.length
  session.expect(all)
  // A stored message that does not come now is missing nowhere.
  if (areStored) for (const message of all) session.notGiven.add(message)
  try {
    const isOver = () => world.stopping() || providerRefusals.limit !== undefined || windows.isOver()
    for await (const portion of areStored ? [turns] : portions(session, turns)) {
      for await (const window of suspects.windows(maildrop, portion, () => deposit.done())) {
        yield* batchesOf(neighbours.date(await newIn(window, session, survey)), world.store.batch)
        deposit.whenStored(window.release)
        if (!areStored) await providerRefusals.came(window)
        else for (const { message } of window.retrieved) session.notGiven.delete(message)
        const came = [...window.retrieved, ...window.refused, ...window.cut]
        due -= came.length
        session.came(came.map(({ message }) => message))
        if (world.stopping() || providerRefusals.limit !== undefined) break
      }
      if (isOver()) break
    }
    if (due > 0 && windows.isOver()) session.endsEarly ??= world.overtimeMs() >= 0 ? 'time' : 'place'
    // This is asked last: a server that ends the session at TOP costs one run, and no mail.
    if (neighbours.areMissed && !world.stopping())
      for (const sighting of await look(maildrop, survey.storedBefore, session.nowMs, suspects.peeks))
        neighbours.note(sighting)
  } catch (error) {
    // What came before the session broke is stored.
    yield* batchesOf(neighbours.rest(), world.store.batch)
    if (!areStored || !session.brokeAtDeletion(error, due)) throw error
    session.gaveUp(due)
  }
  yield* batchesOf(neighbours.rest(), world.store.batch)
}

/** The messages of a window that are to be stored. The fate of the others is noted. */
async function newIn({ retrieved }: Window, session: PullSession, survey: Survey): Promise<readonly Letter[]> {
  const { world, maildrop } = session
  const fresh: Letter[] = []
  const unwanted: Retrieved[] = []
  for (const message of maildrop.hidesRetrieved ? await world.spool.spool(retrieved) : retrieved) {
    const letter = await letterOf(message, session.nowMs)
    if (sawAgain(letter, session, survey)) unwanted.push(message)
    else if (survey.choosing && isBeforeFirstRun(session.account.firstRun, letter.sighting.arrived, session.nowMs)) {
      await world.ledger.skip(letter.sighting)
      session.neighbours.note(letter.sighting)
      unwanted.push(message)
    } else fresh.push(letter)
  }
  for (const { octets, sighting } of fresh)
    if (sighting.cameShort) session.cameShort.push({ octets, size: sighting.message.size })
  if (maildrop.hidesRetrieved) await world.spool.letGo(unwanted)
  return await sorted(world.sorting, fresh)
}

/** Whether the ledger has a record of these bytes. TOP may have shown another header than RETR, and the listing another UIDL. */
function sawAgain({ sighting }: Letter, session: PullSession, { unmatched, idMatches }: Survey): boolean {
  const record = idMatches.settle(sighting, sameBytes(sighting, unmatched))
  if (record === 'later') return true
  if (record === undefined || !unmatched.match(record) || session.isRetried(record)) return false
  session.saw({ message: sighting.message, record, sighting })
  return true
}
