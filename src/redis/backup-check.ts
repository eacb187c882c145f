/**
 * Checks a backup (backup.ts) before anything is changed: it is whole, its format is known, its secrets can be opened, and it was written by
 * somebody who has the key, or holds nothing that no instance would have written (docs/decisions/0078).
 */
import { timingSafeEqual, type Hmac } from 'node:crypto'
import { keyIdOf, type Seal, SealBroken, sealedIn } from '../seal.ts'
import { BackupContents } from './backup-contents.ts'
import { backupName, backupProof, BackupUnfit, damaged, type Entry, entryOf, noBackup, parsed } from './backup-entry.ts'
import { redisLimits } from './limits.ts'
import { sealedHashes } from './sealed.ts'

export interface Inventory {
  /** The format of its data. */
  readonly version: number
  readonly createdAt: string
  readonly accounts: number
  readonly destinations: number
  /** Whoever wrote it had a key of this instance. */
  readonly proven: boolean
  /** Of one that is not: what in it gives rights, or sends something away. */
  readonly grants: readonly string[]
  /** Its octets as they are unpacked. */
  readonly octets: number
}

export interface CheckTerms {
  /** The newest format that this program knows. */
  readonly newest?: number
  /** Says what is wrong with a field of a hash, with a string or with the members of a sorted set. */
  readonly mistakeIn?: (entry: Entry) => string | undefined
  readonly demandProof?: boolean
}

/**
 * Reads the whole backup and changes nothing.
 *
 * @throws BackupUnfit
 */
export async function checkBackup(
  lines: AsyncIterable<string>,
  seal: Seal,
  { newest = redisLimits.dataFormat, mistakeIn = () => undefined, demandProof = false }: CheckTerms = {},
): Promise<Inventory> {
  let head: Head | undefined
  let end: Record<string, unknown> | undefined
  let read = 0
  let octets = 0
  /** What the instance itself has written is taken as it is, a record that was broken there already included. */
  let doubt: BackupUnfit | undefined
  const contents = new BackupContents()
  for await (const line of lines) {
    read += 1
    octets += line.length
    if (end !== undefined) throw damaged(read, 'something behind its end')
    const json = parsed(line, read)
    if (head === undefined) head = headOf(json, newest, seal)
    else if (json['end'] === true) {
      if (json['lines'] !== read - 1) throw damaged(read, `the end of ${String(json['lines']).slice(0, 20)} lines`)
      end = json
    } else {
      const entry = entryOf(json, read)
      contents.add(entry, read)
      const mistake = doubt === undefined ? mistakeIn(entry) : undefined
      if (mistake !== undefined) doubt = damaged(read, mistake)
      doubt ??= brokenSecret(seal, entry, read)
    }
    if (end === undefined) head.prover?.update(`${line}\n`)
  }
  if (head === undefined) throw noBackup()
  if (end === undefined)
    throw new BackupUnfit('file', `This backup is not whole: it ends after line ${read}. Nothing was changed.`)
  const proof = proofOf(head, end)
  if (proof === 'wrong') throw doubt ?? changedSince()
  const proven = proof === 'right'
  if (!proven && demandProof) throw new BackupUnfit('unproven', unprovenSentence)
  if (!proven && doubt !== undefined) throw doubt
  if (!proven) contents.demandWhole()
  const { version, createdAt } = head
  return { version, createdAt, ...contents.counts(), proven, grants: proven ? [] : contents.grants(), octets }
}

interface Head {
  readonly version: number
  readonly createdAt: string
  /** Undefined: it announces no proof. */
  readonly prover: Hmac | undefined
}

function headOf(json: Record<string, unknown>, newest: number, seal: Seal): Head {
  const { format, version, createdAt, keyId, proof } = json
  if (format !== backupName || typeof createdAt !== 'string' || Number.isNaN(Date.parse(createdAt))) throw noBackup()
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1) throw damaged(1, 'no format')
  if (version > newest) {
    throw new BackupUnfit(
      'newer',
      `This backup has format ${version}; this Tributary knows formats up to ${newest}. Restore it with the version that made it, or a newer one. Nothing was changed.`,
    )
  }
  const at = new Date(createdAt).toISOString()
  if (proof === undefined) return { version, createdAt: at, prover: undefined }
  if (proof !== backupProof || typeof keyId !== 'string') throw damaged(1, 'a proof of another kind')
  const prover = seal.prover(keyId)
  if (prover === undefined) throw anotherKey(keyId, seal)
  return { version, createdAt: at, prover }
}

function proofOf({ prover }: Head, { proof }: Record<string, unknown>): 'right' | 'wrong' | 'none' {
  if (prover === undefined) return 'none'
  const [right, given] = [prover.digest(), Buffer.from(typeof proof === 'string' ? proof : '', 'base64url')]
  return right.length === given.length && timingSafeEqual(right, given) ? 'right' : 'wrong'
}

function changedSince(): BackupUnfit {
  return new BackupUnfit(
    'file',
    'This backup was changed after it was written: its lines are not those that its last line proves. Nothing was changed.',
  )
}

export const unprovenSentence =
  'Nothing proves that this backup was written by an instance with this secret key: an earlier version made it, or somebody by hand. Nothing was changed. If you know where it is from, restore it without proven.'

const withSecrets: ReadonlySet<string> = new Set(sealedHashes)

/**
 * Looks into passwords of accounts, destinations and proxies, tokens, secrets of applications and webhooks: whatever lies sealed in a record.
 *
 * @throws BackupUnfit if this instance lacks a key.
 */
function brokenSecret(seal: Seal, { key, type, value }: Entry, number: number): BackupUnfit | undefined {
  if (type !== 'hash' || !withSecrets.has(key)) return undefined
  let broken: BackupUnfit | undefined
  for (const [id, text] of Object.entries(value)) {
    if (!text.includes('"sealed')) continue
    for (const { field, sealed } of secretsIn(text)) {
      const keyId = keyIdOf(sealed)
      if (!seal.holds(keyId)) throw anotherKey(keyId, seal)
      try {
        seal.open(sealed, id, field)
      } catch (error) {
        if (!(error instanceof SealBroken)) throw error
        broken ??= new BackupUnfit('file', `In line ${number} of this backup ${error.message}. Nothing was changed.`)
      }
    }
  }
  return broken
}

/** Of a record that cannot be read there are none. */
function secretsIn(text: string) {
  try {
    return sealedIn(text)
  } catch {
    return []
  }
}

function anotherKey(keyId: string, seal: Seal): BackupUnfit {
  return new BackupUnfit(
    'key',
    `The secrets of this backup are sealed with the secret key ${keyId.slice(0, 20)}, and this instance has ${seal.keyId}. Put the key of then into the file secret-key, as a line behind the others, and restore again. Nothing was changed.`,
  )
}
