/** Parts what a session retrieves into portions, and asks before each for what it needs: a place for heavy work, a budget of an import. */
import type { Listed } from '../mail/message.ts'
import { pullLimits } from './limits.ts'
import { octetsOf, orderOf } from './order.ts'
import type { PullSession } from './session.ts'
import type { Turns } from './suspects.ts'

export async function* portions(session: PullSession, turns: Turns): AsyncGenerator<Turns> {
  const { world } = session
  const { fresh, first, rest } = orderOf(turns.usual, importedUpTo(session, turns))
  if (fresh.length > 0) yield { usual: fresh, last: [] }
  const budget = session.isImport ? world.importBudget : undefined
  const isAllOrdinary = rest.length === 0 && octetsOf(turns.last) <= pullLimits.ordinaryOctetsMax
  if (isAllOrdinary && budget === undefined) return yield { usual: first, last: turns.last }
  yield* budgeted(session, { usual: first, last: isAllOrdinary ? turns.last : [] })
  if (isAllOrdinary || session.endsEarly !== undefined) return
  if (await world.enterHeavy()) yield* budgeted(session, { usual: rest, last: turns.last })
  else session.endsEarly = 'place'
}

/** The highest number of a message that a first import need not retrieve any more: what stands behind it has come since. */
function importedUpTo(session: PullSession, { usual, last }: Turns): number | undefined {
  if (!session.isImport) return undefined
  // What the first run passes by has not come before its import.
  if (!session.view.begun) return 0
  const wanted = new Set([...usual, ...last])
  return session.listing.reduce((upTo, message) => (wanted.has(message) ? upTo : Math.max(upTo, message.number)), 0)
}

/** Yields as much as the budget of a first import allows, a part at a time. */
async function* budgeted(session: PullSession, { usual, last }: Turns): AsyncGenerator<Turns> {
  const budget = session.isImport ? session.world.importBudget : undefined
  if (budget === undefined) return yield { usual, last }
  const all = [...usual, ...last]
  for (let from = 0; from < all.length; ) {
    const part = partOf(all, from)
    const wanted = octetsOf(part)
    const granted = await budget.take(wanted, part[0]?.size ?? 0)
    const some = granted >= wanted ? part : part.slice(0, countWithin(part, granted))
    if (some.length > 0) {
      const usualLeft = Math.max(0, usual.length - from)
      yield { usual: some.slice(0, usualLeft), last: some.slice(usualLeft) }
    }
    from += some.length
    if (some.length === part.length) continue
    session.endsEarly = 'budget'
    return
  }
}

function partOf(messages: readonly Listed[], from: number): readonly Listed[] {
  const most = messages.slice(from, from + pullLimits.importPartMessages)
  return most.slice(0, Math.max(1, countWithin(most, pullLimits.importPartOctets)))
}

/** How many of the first messages have no more than so many octets together. */
function countWithin(messages: readonly Listed[], octetsMax: number): number {
  let octets = 0
  const past = messages.findIndex(({ size }) => (octets += size) > octetsMax)
  return past === -1 ? messages.length : past
}
