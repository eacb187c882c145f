/** Defines the lines of a backup, and reads one: a head, an entry for each piece of the data in Redis, an end. */
import { backedUpOfAccount, backedUpShared, keys } from './key-names.ts'
import { redisLimits } from './limits.ts'

/** The head bears this name, and in `version` the format of the data (format/steps.ts). */
export const backupName = 'tributary backup'
/** How the last line proves those before it: the head says it, so that the proof cannot be taken off alone. */
export const backupProof = 'hmac-sha256'

/** A string is divided into pieces, each with its place; JSON takes no bytes, so it is base64. */
export type Entry =
  | {
      readonly key: string
      readonly type: 'string'
      readonly at: number
      readonly value: string
      readonly expiresAtMs?: number
    }
  | { readonly key: string; readonly type: 'hash'; readonly value: Readonly<Record<string, string>> }
  | { readonly key: string; readonly type: 'zset'; readonly value: Readonly<Record<string, number>> }

/** `unproven`: it is whole, and nothing proves where it is from. `room`: Redis has no room for it. */
type Fault = 'file' | 'key' | 'newer' | 'unproven' | 'room'

export class BackupUnfit extends Error {
  override readonly name = 'BackupUnfit'
  /** `key`: the file is whole, but sealed with another key than this instance has. `newer`: it has a format that this program does not know. */
  readonly fault: Fault

  constructor(fault: Fault, message: string) {
    super(message)
    this.fault = fault
  }
}

export function noBackup(): BackupUnfit {
  return new BackupUnfit('file', 'This is no backup of Tributary.')
}

export function damaged(line: number, what: string): BackupUnfit {
  return new BackupUnfit('file', `This backup is damaged: in line ${line} stands ${what}. Nothing was changed.`)
}

export function parsed(line: string, number: number): Record<string, unknown> {
  if (hasTooManyParts(line)) throw damaged(number, 'more than any line of a backup holds')
  try {
    const json: unknown = JSON.parse(line)
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>
  } catch {
    // The error is thrown below.
  }
  throw number === 1 ? noBackup() : damaged(number, 'no JSON object')
}

/** Reading a text takes time for each of its parts, and nothing else runs meanwhile. */
export function hasTooManyParts(text: string): boolean {
  if (text.length <= redisLimits.backupRecordMax / 2) return false
  let parts = 0
  for (const mark of [',', '[', '{'])
    for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + 1)) {
      parts += 1
      if (parts > redisLimits.backupPartsMax) return true
    }
  return false
}

const ofAccount = new Map(
  Object.entries(backedUpOfAccount).map(([name, type]) => [keys[name as keyof typeof backedUpOfAccount]('*'), type]),
)
const ofAll = new Map<string, Entry['type']>(
  Object.entries(backedUpShared).map(([name, type]) => [keys[name as keyof typeof backedUpShared], type]),
)

function typeOf(key: string): Entry['type'] | undefined {
  if (/^tributary:run:[0-9A-Z]{26}$/.test(key)) return 'string'
  if (/^\{tributary\}:former-sources:[0-9A-Z]{26}$/.test(key)) return 'hash'
  return ofAll.get(key) ?? ofAccount.get(key.replace(/^tributary:\{[0-9A-Z]{26}\}:/, 'tributary:{*}:'))
}

/** @throws BackupUnfit for what no backup holds: another key, another type, or values of another form. */
export function entryOf(json: Record<string, unknown>, number: number): Entry {
  const { key, type, value, at, expiresAtMs } = json
  if (typeof key !== 'string' || typeOf(key) === undefined) throw damaged(number, 'a key that no backup holds')
  const fits = (test: (one: unknown) => boolean) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).length <= redisLimits.backupFieldsMax &&
    Object.values(value).every(test)
  const right =
    type === 'string'
      ? typeof value === 'string' && base64.test(value) && Number.isSafeInteger(at) && (at as number) >= 0
      : type === 'hash'
        ? fits((text) => typeof text === 'string' && text.length <= redisLimits.backupRecordMax)
        : fits((score) => Number.isFinite(score))
  const lasts = expiresAtMs === undefined || Number.isSafeInteger(expiresAtMs)
  if (type !== typeOf(key) || !right || !lasts) throw damaged(number, `no value of ${key}`)
  return json as unknown as Entry
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The account whose data lie below this key; undefined: it is no such key. */
export function accountOfKey(key: string): string | undefined {
  return /^tributary:\{([0-9A-Z]{26})\}:/.exec(key)?.[1]
}

/** The run whose record this is; undefined: it is no such key. */
export function runOfKey(key: string): string | undefined {
  return /^tributary:run:([0-9A-Z]{26})$/.exec(key)?.[1]
}
