/** Reads the values of options, and says what is wrong with them. */
import { InvalidArgumentError } from 'commander'

export function whole(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

/** Stands for null as long as Commander has it: it makes an empty text of a null. */
export const nothing = { isNothing: true } as const
export type Nothing = typeof nothing

/** Reads `20MB`, `500kB`, `1.5GB` or a number of octets, and gives the octets; `none` is nothing. */
export function octetsPerHour(text: string): number | Nothing {
  if (text === 'none') return nothing
  const [, amount, unit = ''] = /^(\d{1,12}(?:\.\d{1,6})?) ?([kMG]?)B?$/i.exec(text) ?? []
  if (amount === undefined) throw new InvalidArgumentError('It must be like 20MB, or none.')
  return Math.round(Number(amount) * 1000 ** ' KMG'.indexOf(unit.toUpperCase() || ' '))
}

/** Collects the values of an option that may be given several times. */
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

export function fingerprint(text: string): string | Nothing {
  if (text === 'none') return nothing
  if (!/^(?:[0-9A-Fa-f]{2}:?){32}$/.test(text)) throw new InvalidArgumentError('It must be 64 hex digits, or none.')
  return text
}

/** Reads `30d`, `12h` or a date, and gives the time that it stands for. */
export function expiry(text: string): string {
  const [, amount, unit] = /^(\d{1,5})([hd])$/.exec(text) ?? []
  if (amount !== undefined)
    return new Date(Date.now() + Number(amount) * (unit === 'h' ? 3_600_000 : 86_400_000)).toISOString()
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) throw new InvalidArgumentError('It must be like 30d, 12h or 2027-01-31.')
  return new Date(ms).toISOString()
}

/** Reads `30min`, `2h`, `1d` or a date, and gives the time that it stands for. */
export function notBefore(text: string): string {
  const [, amount, unit] = /^(\d{1,5})(min|h|d)$/.exec(text) ?? []
  const units = { min: 60_000, h: 3_600_000, d: 86_400_000 }
  const ms = amount === undefined ? Date.parse(text) : Date.now() + Number(amount) * units[unit as keyof typeof units]
  if (Number.isNaN(ms)) throw new InvalidArgumentError('It must be like 2026-11-24T08:30, 30min, 2h or 1d.')
  return new Date(ms).toISOString()
}

type Given<Value> = Exclude<Value, undefined | Nothing> | (Nothing extends Value ? null : never)

/** Leaves out the fields that were not given. */
export function given<T extends object>(fields: T): { [K in keyof T]?: Given<T[K]> } {
  const there = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(
    there.map(([name, value]) => [name, value === nothing ? null : (value as unknown)]),
  ) as never
}
