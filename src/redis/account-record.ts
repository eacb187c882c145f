/**
 * The record of an account as it is stored: JSON in which what most accounts have is left unsaid (docs/decisions/0070). An earlier version said
 * everything, and such a record is read like any other. includes/account-record.lua reads it for the scripts.
 */
import { decodeTime } from 'ulid'
import { type Account, defaultPort } from '../account/account.ts'
import type { SealedProxy } from '../account/proxy.ts'
import { type IdentityProof, type SealedSmtp, unsaidSending } from '../account/sending.ts'
import type { LoginTrait } from '../account/server-traits.ts'
import type { AccountId } from '../mail/message.ts'
import { wellFormedJson } from '../well-formed.ts'

export interface AccountRecord extends SealedProxy, SealedSmtp {
  readonly account: Account
  /** An owner chose host and port: connections may only go where an owner may go (guard.ts). */
  readonly guarded?: true
  /** The same of the SMTP server. */
  readonly smtpGuarded?: true
  /** What became of the last test of its address (docs/decisions/0088). */
  readonly identityProof?: IdentityProof
  /** What is known of the ways to log in, where anybody may speak on the line: of this account alone. */
  readonly loginTraits?: readonly LoginTrait[]
  /** Another account fetches the same mail to the same place, and was registered before this one: this one was paused (account-hosts.ts). */
  readonly twinOf?: AccountId
}

/**
 * What an account has of which its record does not say it. They are part of what is stored and never change, unlike `accountDefaults`:
 * accounts that were made with other defaults say theirs.
 */
const unsaid = {
  tls: 'implicit',
  tlsVerify: true,
  tlsFingerprint: null,
  folder: 'INBOX',
  flags: [],
  retention: { mode: 'keep' },
  firstRun: { mode: 'all' },
  interval: { minSeconds: 120, maxSeconds: 3600 },
  maxMessageBytes: 157_286_400,
  importBytesPerHour: null,
  hidesRetrieved: false,
  trace: true,
  paused: false,
  ...unsaidSending,
} as const satisfies Partial<Account>

const unsaidText = new Map<string, string>(Object.entries(unsaid).map(([name, value]) => [name, JSON.stringify(value)]))

/** An account whose id is the field of its record. */
type StoredAccount = Pick<Account, 'address' | 'host' | 'destinationId'> & Partial<Account>

/** The text that is stored. */
export function storedAccount({ account, ...rest }: AccountRecord): string {
  const { id, user, port, createdAtMs, ...fields } = account
  const said = Object.entries(fields).filter(([name, value]) => unsaidText.get(name) !== JSON.stringify(value))
  const stored = {
    ...Object.fromEntries(said),
    ...(user === account.address ? {} : { user }),
    ...(port === defaultPort(account.tls) ? {} : { port }),
    ...(createdAtMs === madeAtMs(id) ? {} : { createdAtMs }),
  }
  return wellFormedJson({ account: stored, ...rest })
}

/** Undefined for one that cannot be read, as a backup made by hand may bring it: it keeps no list and no round from the others. */
export function readableRecordIn(id: string, json: string): AccountRecord | undefined {
  try {
    const record = accountRecordIn(id, json)
    const { address, host, destinationId } = record.account
    return [address, host, destinationId].every((text) => typeof text === 'string') ? record : undefined
  } catch {
    return undefined
  }
}

/** @param json as it is stored, be it by an earlier version. */
export function accountRecordIn(id: string, json: string): AccountRecord {
  const { account, ...rest } = JSON.parse(json) as Omit<AccountRecord, 'account'> & { readonly account: StoredAccount }
  const { user = account.address, port = defaultPort(account.tls ?? unsaid.tls) } = account
  const createdAtMs = account.createdAtMs ?? madeAtMs(id)
  return { ...rest, account: { ...unsaid, ...account, id: id as Account['id'], user, port, createdAtMs } }
}

/** When an id was made. Older accounts may have another form of ids, and always say when they were made. */
function madeAtMs(id: string): number {
  try {
    return decodeTime(id)
  } catch {
    return NaN
  }
}
