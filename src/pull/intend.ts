/** Step 4: writes down which messages are about to be appended, each with the token that its copy will bear. */
import type { Intent, IntentEntry } from '../ledger/ledger.ts'
import { listedUidlHash } from '../mail/header.ts'
import type { Deposit } from './deposit.ts'
import type { Letter } from './letter.ts'

declare const onDisk: unique symbol

/** A batch whose intent is on disk. Only `intend` makes one, so that nothing can be appended before its intent is written. */
export interface Intended {
  readonly [onDisk]: true
  readonly intent: Intent
  readonly messages: readonly IntendedLetter[]
  readonly nowMs: number
}

export interface IntendedLetter {
  readonly letter: Letter
  readonly entry: IntentEntry
}

export async function intend(deposit: Deposit, letters: readonly Letter[]): Promise<Intended> {
  const { world } = deposit.run
  const { folder, uidValidity, uidNext } = await deposit.position(letters)
  const nowMs = world.clock.nowMs()
  const messages = letters.map((letter) => ({ letter, entry: entryOf(letter, world.newToken()) }))
  const entries = messages.map(({ entry }) => entry)
  const writtenAtSeconds = Math.floor(nowMs / 1000)
  const intent: Intent = { id: entries[0]?.token ?? '', folder, uidValidity, uidNext, entries, writtenAtSeconds }
  await world.intents.intend(intent)
  return { intent, messages, nowMs } as unknown as Intended
}

function entryOf({ sighting }: Letter, token: IntentEntry['token']): IntentEntry {
  const { message, fingerprint, digest, cameShort, spooled } = sighting
  const entry = { token, uidl: listedUidlHash(message), fingerprint, digest, size: message.size }
  if (cameShort === undefined && spooled === undefined) return entry
  return { ...entry, ...(cameShort && { cameShort }), ...(spooled !== undefined && { spooled }) }
}
