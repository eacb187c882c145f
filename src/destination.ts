/** A destination as it is connected to: with its password opened, and how far it may reach. */
import type { Destination } from './account.ts'
import { reachOf } from './guard.ts'
import type { Seal } from './seal.ts'
import type { Settings } from './settings.ts'

interface Kept {
  readonly destination: Destination
  readonly sealedPassword: string | null
  readonly guarded?: true
}

export function targetOf({ destination, sealedPassword, guarded }: Kept, seal: Seal, settings: Settings) {
  if (destination.kind === 'hosted') return destination
  const password = seal.open(sealedPassword ?? '', destination.id, 'password')
  return { ...destination, password, reach: reachOf(guarded === true, 'imap', settings) }
}
