/** Parts what a session retrieves into portions, and asks before each for what it needs: a place for heavy work, a budget of an import. */
import type { Listed } from '../mail/message.ts'
import { pullLimits } from './limits.ts'
import { type Import, octetsOf, orderOf } from './order.ts'
import type { PullSession } from './session.ts'
import type { Turns } from './suspects.ts'

export async function* portions(session: PullSession, turns: Turns): AsyncGenerator<Turns> {
  const { world } = session
  const { fresh, freshRest, first, rest } = await orderOf(turns.usual, await importOf(session, turns.usual))
  if (fresh.length > 0) yield { usual: fresh, last: [] }
  const budget = session.isImport ? world.importBudget : undefined
  const isAllOrdinary = freshRest.length + rest.length === 0 && octetsOf(turns.last) <= pullLimits.ordinaryOctetsMax
  if (isAllOrdinary && budget === undefined) return yield { usual: first, last: turns.last }
  yield* budgeted(session, { usual: first, last: isAllOrdinary ? turns.last : [] })
  const isUsedUp = session.endsEarly !== undefined
  if (isAllOrdinary || (isUsedUp && freshRest.length === 0)) return
  if (await world.enterHeavy()) {
    if (freshRest.length > 0) yield { usual: freshRest, last: [] }
    if (!isUsedUp) yield* budgeted(session, { usual: rest, last: turns.last })
  } else session.endsEarly = 'place'
}

async function importOf(
  { view, isImport, listing }: PullSession,
  usual: readonly Listed[],
): Promise<Import | undefined> {
  if (!isImport) return undefined
  // What the first run passes by has not come since then, nor anything else that it sees.
  const fresh = view.begun ? await view.backlog?.freshAmong(usual, listing) : undefined
  return { fresh: fresh ?? new Set(), isBeginning: view.records.length === 0 }
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
    const usualLeft = Math.max(0, usual.length - from)
    const before = session.octetsCame
    try {
      if (some.length > 0) yield { usual: some.slice(0, usualLeft), last: some.slice(usualLeft) }
    } finally {
      // The session may have broken, or the run may be stopping: what does not come now is not to cost the hour.
      const unspent = granted - (session.octetsCame - before)
      if (unspent > 0) await budget.giveBack(unspent).catch(() => {})
    }
    from += some.length
    if (some.length === part.length) continue
    session.endsEarly = 'budget'
    if (budget.shortage !== undefined) session.world.notice({ event: 'import budget used up', ...budget.shortage })
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
