/** A destination: an IMAP login into which accounts are gathered (CONTRACT section 3), and how it is connected to. */
import { reachOf } from './reach.ts'
import type { Seal } from '../seal.ts'
import type { InstanceSettings } from './instance-settings.ts'
import type { DestinationId } from '../mail/message.ts'
import type { Login } from './account.ts'

export type Destination =
  | { readonly id: DestinationId; readonly kind: 'hosted'; readonly login: string; readonly createdAtMs: number }
  | ({ readonly id: DestinationId; readonly kind: 'imap'; readonly createdAtMs: number } & Login)

/** What an `imap` destination is where nobody says otherwise. */
export const destinationDefaults = { tls: 'implicit', tlsVerify: true, tlsFingerprint: null } as const

/** One line of the hosted store's users file. */
export interface HostedLogin {
  readonly login: string
  /** With its scheme: `{ARGON2ID}$argon2id$...`. */
  readonly passwordHash: string
}

interface Kept {
  readonly destination: Destination
  readonly sealedPassword: string | null
  readonly guarded?: true
}

export function targetOf({ destination, sealedPassword, guarded }: Kept, seal: Seal, settings: InstanceSettings) {
  if (destination.kind === 'hosted') return destination
  const password = seal.open(sealedPassword ?? '', destination.id, 'password')
  return { ...destination, password, reach: reachOf(guarded === true, 'imap', settings) }
}
