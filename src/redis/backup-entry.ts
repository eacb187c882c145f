/** Defines the lines of a backup, and reads one: a head, an entry for each piece of the data in Redis, an end. */
import { backedUpOfAccount, backedUpShared, keys } from './key-names.ts'

/** The head bears this name, and in `version` the format of the data (format/steps.ts). */
export const backupName = 'tributary backup'

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

export class BackupUnfit extends Error {
  override readonly name = 'BackupUnfit'
  /** `key`: the file is whole, but sealed with another key than this instance has. `newer`: it has a format that this program does not know. */
  readonly fault: 'file' | 'key' | 'newer'

  constructor(fault: 'file' | 'key' | 'newer', message: string) {
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
  try {
    const json: unknown = JSON.parse(line)
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>
  } catch {
    // The error is thrown below.
  }
  throw number === 1 ? noBackup() : damaged(number, 'no JSON object')
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

export function entryOf(json: Record<string, unknown>, number: number): Entry {
  const { key, type, value, at, expiresAtMs } = json
  if (typeof key !== 'string' || typeOf(key) === undefined) throw damaged(number, 'a key that no backup holds')
  const fits = (test: (one: unknown) => boolean) =>
    typeof value === 'object' && value !== null && Object.values(value).every(test)
  const right =
    type === 'string'
      ? typeof value === 'string' && Number.isSafeInteger(at) && (at as number) >= 0 && (at as number) < 2 ** 29
      : type === 'hash'
        ? fits((text) => typeof text === 'string')
        : fits((score) => typeof score === 'number')
  const lasts = expiresAtMs === undefined || (typeof expiresAtMs === 'number' && Number.isSafeInteger(expiresAtMs))
  if (type !== typeOf(key) || !right || !lasts) throw damaged(number, `no value of ${key}`)
  return json as unknown as Entry
}
