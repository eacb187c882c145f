/** Steps 4 to 6 of a run, and step 1: intent, append, record; and the one resolver of what is uncertain between them. */
import type { Account } from './account.ts'
import type { Intent, StoredRecord, Token } from './ledger.ts'
import type { Letter } from './letter.ts'
import { uidlHash } from './header.ts'
import type { Seen } from './plan.ts'
import type { Copy, World } from './ports.ts'
import type { Refusals } from './refusals.ts'
import type { RunCounts } from './run.ts'
import { traceBlock } from './trace.ts'

const nothing: ReadonlySet<Token> = new Set()

/** Puts letters into the store, batch by batch. Returns what the ledger now holds of them, in their order. */
export async function deposit(
  world: World,
  account: Account,
  letters: readonly Letter[],
  counts: RunCounts,
  refusals: Refusals,
): Promise<Seen[]> {
  const seen: Seen[] = []
  for (const batch of batchesOf(letters, world.store.batch)) {
    seen.push(...(await depositBatch(world, account, batch, counts, refusals)))
  }
  return seen
}

async function depositBatch(
  world: World,
  account: Account,
  letters: readonly Letter[],
  counts: RunCounts,
  refusals: Refusals,
): Promise<Seen[]> {
  const { ledger, store, clock } = world
  const { uidValidity, uidNext } = await store.prepare(account.folder)
  const nowMs = clock.nowMs()
  const entries = letters.map(({ sighting: { message, fingerprint, digest } }) => ({
    token: world.newToken(),
    uidl: message.uidl === undefined ? undefined : uidlHash(message.uidl),
    fingerprint,
    digest,
    size: message.size,
  }))
  const intent: Intent = {
    id: entries[0]?.token ?? '',
    folder: account.folder,
    uidValidity,
    uidNext,
    entries,
    writtenAtSeconds: Math.floor(nowMs / 1000),
  }
  const copies = letters.map(({ bytes, sighting }, nth) => {
    const entry = entries[nth] as (typeof entries)[number]
    const trace = traceBlock(account, world.run, { ...entry, fingerprint: entry.fingerprint.hash }, nowMs)
    return { token: entry.token, literal: Buffer.concat([trace, bytes]), internalDate: sighting.arrived }
  })

  await ledger.intend(intent)
  const answer = await store.append(account.folder, copies, account.flags)
  if (answer.status === 'unfit') {
    await ledger.record(intent, nothing)
    const fit: Letter[] = []
    for (const [nth, letter] of letters.entries()) {
      const reply = answer.reasons.get((copies[nth] as Copy).token)
      if (reply === undefined) fit.push(letter)
      else await refusals.unfit(letter.sighting, reply)
    }
    return fit.length === 0 ? [] : await depositBatch(world, account, fit, counts, refusals)
  }
  if (answer.status === 'stored' || (await store.find(intent, 'its folder')).size > 0) {
    // First counted, then recorded: the counts are on disk with the record.
    counts.stored += letters.length
    for (const { octets } of letters) counts.bytes += octets
    const records = await ledger.record(intent, all(intent))
    await refusals.stored()
    return letters.map(({ sighting }, nth) => ({
      message: sighting.message,
      record: records[nth] as StoredRecord,
      sighting,
    }))
  }

  // Refused, and the store holds none of it. A batch is refused for its worst message: one at a time finds that one.
  await ledger.record(intent, nothing)
  if (letters.length > 1) {
    const seen: Seen[] = []
    for (const letter of letters) seen.push(...(await depositBatch(world, account, [letter], counts, refusals)))
    return seen
  }
  for (const { sighting } of letters) await refusals.refused(sighting, answer.reply)
  return []
}

/**
 * Asks the store about every intent that an earlier run left open. A MULTIAPPEND is all or nothing (RFC 3502), so one
 * token found proves its batch. What is not found is listed by the provider still, and transferred as new.
 */
export async function recover({ ledger, store }: World, counts: RunCounts): Promise<void> {
  for (const intent of await ledger.intents()) {
    const found = (await store.find(intent, 'every folder')).size > 0
    if (found) counts.recovered += intent.entries.length
    await ledger.record(intent, found ? all(intent) : nothing)
  }
}

function all(intent: Intent): ReadonlySet<Token> {
  return new Set(intent.entries.map(({ token }) => token))
}

function batchesOf(
  letters: readonly Letter[],
  limit: { readonly messages: number; readonly octets: number },
): Letter[][] {
  const batches: Letter[][] = []
  let octets = 0
  for (const letter of letters) {
    const open = batches.at(-1)
    if (open === undefined || open.length >= limit.messages || octets + letter.bytes.length > limit.octets) {
      batches.push([letter])
      octets = letter.bytes.length
    } else {
      open.push(letter)
      octets += letter.bytes.length
    }
  }
  return batches
}
