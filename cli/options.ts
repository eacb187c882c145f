/** What an option's word means, or why it means nothing. */
import { InvalidArgumentError } from 'commander'

export function whole(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

/** Of an option that may be given again and again. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text]
}

export function retention(text: string): { mode: 'keep' | 'delete' } | { mode: 'keepDays'; days: number } {
  if (text === 'keep' || text === 'delete') return { mode: text }
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('It must be keep, delete, or a number of days.')
  return { mode: 'keepDays', days: Number(text) }
}

export function firstRun(text: string): { mode: 'all' | 'onlyNew' } | { mode: 'lastDays'; days: number } {
  if (text === 'all') return { mode: 'all' }
  if (text === 'new') return { mode: 'onlyNew' }
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('It must be all, new, or a number of days.')
  return { mode: 'lastDays', days: Number(text) }
}

export function fingerprint(text: string): string | null {
  if (text === 'none') return null
  if (!/^(?:[0-9A-Fa-f]{2}:?){32}$/.test(text)) throw new InvalidArgumentError('It must be 64 hex digits, or none.')
  return text
}

/** `30d`, `12h`, or a date: when that is. */
export function expiry(text: string): string {
  const [, amount, unit] = /^(\d{1,5})([hd])$/.exec(text) ?? []
  if (amount !== undefined)
    return new Date(Date.now() + Number(amount) * (unit === 'h' ? 3_600_000 : 86_400_000)).toISOString()
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) throw new InvalidArgumentError('It must be like 30d, 12h or 2027-01-31.')
  return new Date(ms).toISOString()
}

/** What was given, and only that. */
export function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}
