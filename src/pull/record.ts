/** Step 6: records the messages of a batch that the store holds, and decides about the rest. */
import { takingNothing } from '../failure/consequence.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { isTokenCut } from '../failure/token-ended.ts'
import type { LedgerRecord } from '../ledger/ledger.ts'
import type { Token } from '../mail/message.ts'
import type { Deposit } from './deposit.ts'
import type { Intended } from './intend.ts'
import type { Letter } from './letter.ts'
import type { AppendAnswer, Appended, Found } from './store-ports.ts'

const noTokens: ReadonlySet<Token> = new Set()

/** The answer is the parts of the batch that are to be appended again, one after the other. */
export async function record(deposit: Deposit, intended: Intended, answer: AppendAnswer): Promise<Letter[][]> {
  if (answer.status === 'unfit') return await recordUnfit(deposit, intended, answer.reasons)
  const { intent, messages } = intended
  const isClear = answer.status === 'stored' && namesAll(answer.appended, messages.length)
  const found = isClear
    ? { tokens: new Set(intent.entries.map(({ token }) => token)), appended: answer.appended }
    : await deposit.run.world.store.find(intent)
  await recordFound(deposit, intended, found)

  // A store that says OK and shows nothing is at fault itself.
  if (answer.status === 'broken' && answer.appended !== undefined && found.tokens.size === 0)
    // One message may have been eaten by a filter.
    throw new SessionFailed(messages.length > 1 ? takingNothing(answer.failure) : answer.failure)
  const storeFailure = answer.status === 'stored' ? undefined : answer.failure
  const rest = messages.filter(({ entry }) => !found.tokens.has(entry.token)).map(({ letter }) => letter)
  if (storeFailure !== undefined && isTokenCut(storeFailure)) {
    deposit.refusals.cutByToken(storeFailure)
    return rest.length === 0 ? [] : [rest]
  }
  if (storeFailure !== undefined) await deposit.refusals.troubled(storeFailure)
  const [first] = rest
  if (answer.status !== 'stored' && messages.length === 1 && first !== undefined) {
    // The line may have dropped by chance. A silence costs minutes each time.
    const mayBeChance = answer.status === 'broken' && !answer.isSilent
    if (mayBeChance && deposit.refusals.isFirstBreak(first)) return [[first]]
    await deposit.refusals.refused(first, answer.reply, storeFailure)
    return []
  }
  // A batch is refused, or ends the session, for its worst message, and halving finds that one.
  const middle = Math.ceil(rest.length / 2)
  return [rest.slice(0, middle), rest.slice(middle)].filter(({ length }) => length > 0)
}

/** Nothing was sent, because this store never takes some of the messages: those are set aside. */
async function recordUnfit(
  deposit: Deposit,
  { intent, messages }: Intended,
  reasons: ReadonlyMap<Token, string>,
): Promise<Letter[][]> {
  await deposit.run.world.intents.record(intent, noTokens)
  const fit: Letter[] = []
  for (const { letter, entry } of messages) {
    const reason = reasons.get(entry.token)
    if (reason === undefined) fit.push(letter)
    else await deposit.refusals.unfit(letter, reason)
  }
  return fit.length === 0 ? [] : [fit]
}

/** Messages are delivered and may be erased only once they are recorded. */
async function recordFound(deposit: Deposit, intended: Intended, { tokens, appended }: Found): Promise<void> {
  const { counts, world } = deposit.run
  const stored = intended.messages.filter(({ entry }) => tokens.has(entry.token)).map(({ letter }) => letter)
  const records = await world.intents.record(intended.intent, tokens, () => {
    counts.stored += stored.length
    for (const { octets } of stored) counts.bytes += octets
  })
  if (stored.length === 0) return
  await deposit.deliveries.add(appended, intended.intent.folder, stored)
  for (const { sighting } of stored) deposit.suspects.stored(sighting.message)
  await deposit.refusals.stored()
  for (const [nth, { sighting }] of stored.entries())
    deposit.erasures?.add({ message: sighting.message, record: records[nth] as LedgerRecord, sighting })
}

/** A store that names fewer UIDs than it was sent messages has not taken all of them. A store that names none has no UIDPLUS. */
function namesAll({ uids }: Appended, messages: number): boolean {
  return uids.length === 0 || uids.length >= messages
}
