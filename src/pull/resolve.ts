/** Step 1: resolves whatever an earlier run left uncertain. */
import type { Intent, LedgerRecord } from '../ledger/ledger.ts'
import type { PackedRecords } from '../ledger/packed-records.ts'
import type { ShortHash, Token } from '../mail/message.ts'
import type { Ledger, LedgerView } from './ledger-ports.ts'
import type { PullRun } from './ports.ts'
import { isWhole, reconciled } from './reconcile.ts'

const noTokens: ReadonlySet<Token> = new Set()

/** The answer is the ledger, with every message that the store holds. */
export async function resolve(run: PullRun): Promise<LedgerView> {
  await resolveIntents(run)
  return await reconciled(run)
}

/**
 * Asks the store about every intent that earlier runs have left, records the messages that it holds, and has the undelivered ones
 * delivered. A token proves its own message and no other: not every server's MULTIAPPEND is all or nothing (RFC 3502), and a Dovecot that
 * was killed in the middle finds part of a batch again. A message that is not found is still listed by the provider, and is transferred as
 * new. The intents that are not stored are written down last: until everything is delivered and dropped, the next run could still find
 * them.
 */
export async function resolveIntents(run: PullRun): Promise<void> {
  const { world, account, counts } = run
  const { ledger, intents, store } = world
  const leftIntents = await intents.intents()
  const takenOver = await store.takeOver(leftIntents, leftIntents.length > 0 && (await isWhole(run)))
  const { tokens } = takenOver
  const isStored = ({ entries }: Intent) => entries.some(({ token }) => tokens.has(token))
  for (const intent of leftIntents.filter(isStored)) {
    const { length } = intent.entries.filter(({ token }) => tokens.has(token))
    await intents.record(intent, tokens, () => void (counts.recovered += length))
  }
  const records = new StoredRecords(ledger)
  await takenOver.deliver(
    account.folder,
    async (fingerprint, uidl) => (await records.of(fingerprint, uidl)).length,
    async (fingerprint, uidl) => await folderOf(run, await records.of(fingerprint, uidl)),
  )
  for (const intent of leftIntents) if (!isStored(intent)) await intents.record(intent, noTokens)
}

/** Into which folder messages that cannot be told apart were sorted; undefined: into the account's, or not all of them. */
async function folderOf({ world }: PullRun, records: readonly LedgerRecord[]): Promise<string | undefined> {
  const digests = records.flatMap(({ digest }) => digest ?? [])
  if (world.sorting === undefined || digests.length === 0 || digests.length < records.length) return undefined
  const places = await world.sorting.places(digests).catch(() => undefined)
  const [first, ...others] = digests.map((digest) => places?.get(digest)?.folder)
  return others.every((folder) => folder === first) ? first : undefined
}

/** Finds records of stored messages. The ledger is read at the first question: usually nobody asks. */
class StoredRecords {
  readonly #ledger: Ledger
  #records: PackedRecords | undefined

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  async of(fingerprint: ShortHash, uidl: ShortHash | undefined): Promise<LedgerRecord[]> {
    const records = (this.#records ??= (await this.#ledger.view()).records)
    const bearing = records.bearing('fingerprint', fingerprint).map((index) => records.at(index))
    return bearing.filter((record) => record.state === 'stored' && (uidl === undefined || record.uidl === uidl))
  }
}
