/** Checks a backup (backup.ts) before anything is changed: it is whole, its format is known, and its secrets can be opened. */
import { keyIdOf, type Seal, sealedIn } from '../seal.ts'
import type { AccountRecord } from './account-record.ts'
import { backupName, BackupUnfit, damaged, entryOf, noBackup, parsed } from './backup-entry.ts'
import type { DestinationRecord } from './destinations.ts'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { sealedHashes } from './sealed.ts'
import type { TokenRecord } from './tokens.ts'

export interface Inventory {
  /** The format of its data. */
  readonly version: number
  readonly createdAt: string
  readonly accounts: number
  readonly destinations: number
}

/**
 * Reads the whole backup and changes nothing.
 *
 * @param newest the newest format that this program knows.
 * @throws BackupUnfit
 */
export async function checkBackup(
  lines: AsyncIterable<string>,
  seal: Seal,
  newest: number = redisLimits.dataFormat,
): Promise<Inventory> {
  let head: Pick<Inventory, 'createdAt' | 'version'> | undefined
  let read = 0
  let ended = false
  const accounts = new Set<string>()
  const destinations = new Set<string>()
  for await (const line of lines) {
    read += 1
    if (ended) throw damaged(read, 'something behind its end')
    const json = parsed(line, read)
    if (head === undefined) {
      head = headOf(json, newest)
    } else if (json['end'] === true) {
      if (json['lines'] !== read - 1) throw damaged(read, `the end of ${String(json['lines'])} lines`)
      ended = true
    } else {
      const entry = entryOf(json, read)
      if (entry.type !== 'hash') continue
      for (const [id, text] of Object.entries(entry.value)) {
        if (entry.key === keys.accounts) {
          const { account } = recordIn<AccountRecord>(text, read)
          const known = account !== undefined && (account.id ?? id) === id
          if (!known || typeof account.host !== 'string' || typeof account.destinationId !== 'string')
            throw damaged(read, 'no account')
          accounts.add(id)
        } else if (entry.key === keys.destinations) {
          const { destination } = recordIn<DestinationRecord>(text, read)
          if (destination?.id !== id) throw damaged(read, 'no destination')
          destinations.add(id)
        } else if (entry.key === keys.tokens) {
          const { id: own, digest } = recordIn<TokenRecord>(text, read)
          if (own !== id || typeof digest !== 'string') throw damaged(read, 'no token')
        }
        if (withSecrets.has(entry.key)) checkSecrets(seal, id, text, read)
      }
    }
  }
  if (head === undefined) throw noBackup()
  if (!ended)
    throw new BackupUnfit('file', `This backup is not whole: it ends after line ${read}. Nothing was changed.`)
  return { ...head, accounts: accounts.size, destinations: destinations.size }
}

function headOf(json: Record<string, unknown>, newest: number): Pick<Inventory, 'createdAt' | 'version'> {
  const { format, version, createdAt } = json
  if (format !== backupName || typeof createdAt !== 'string') throw noBackup()
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1) throw damaged(1, 'no format')
  if (version > newest) {
    throw new BackupUnfit(
      'newer',
      `This backup has format ${version}; this Tributary knows formats up to ${newest}. Restore it with the version that made it, or a newer one. Nothing was changed.`,
    )
  }
  return { version, createdAt }
}

function recordIn<T>(text: string, number: number): Partial<T> {
  return parsed(text, number) as Partial<T>
}

const withSecrets: ReadonlySet<string> = new Set(sealedHashes)

/** Passwords of accounts, destinations and proxies, tokens, secrets of applications and webhooks: whatever lies sealed in a record. */
function checkSecrets(seal: Seal, id: string, text: string, number: number): void {
  if (!text.includes('"sealed')) return
  parsed(text, number)
  for (const { field, sealed } of sealedIn(text)) checkSealed(seal, sealed, id, field)
}

function checkSealed(seal: Seal, sealed: string, id: string, field: string): void {
  const keyId = keyIdOf(sealed)
  if (!seal.holds(keyId)) {
    throw new BackupUnfit(
      'key',
      `The secrets of this backup are sealed with the secret key ${keyId}, and this instance has ${seal.keyId}. Put the key of then into the file secret-key, as a line behind the others, and restore again. Nothing was changed.`,
    )
  }
  try {
    seal.open(sealed, id, field)
  } catch (error) {
    throw new BackupUnfit('file', `In this backup ${error instanceof Error ? error.message : String(error)}.`)
  }
}
