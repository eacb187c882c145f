/** The budgets of first imports: an account, its destination and its provider may each allow so many octets an hour (CONTRACT section 5). */
import type { Account } from './account.ts'
import type { Destination } from './destination.ts'
import { isSameHost } from './host.ts'
import type { InstanceSettings } from './instance-settings.ts'

export type LimitedBy = 'account' | 'destination' | 'provider'

/** Whose budget it is, and the octets that it allows in an hour. */
export interface ImportLimits {
  readonly name: string
  readonly of: LimitedBy
  readonly bytesPerHour: number
}

/** The answer is empty if nobody limits it. */
export function importLimitsOf(account: Account, destination: Destination, settings: InstanceSettings): ImportLimits[] {
  const hosts = Object.entries(settings.importBytesPerHour).filter(([host]) => isSameHost(host, account.host))
  const ofHost = hosts.map(([, octets]) => octets).sort((a, b) => a - b)[0]
  const all: (readonly [of: LimitedBy, name: string, octets: number | null | undefined])[] = [
    ['account', `account:${account.id}`, account.importBytesPerHour],
    ['destination', `destination:${destination.id}`, destination.importBytesPerHour],
    ['provider', `host:${account.host}`, ofHost],
  ]
  return all.flatMap(([of, name, bytesPerHour]) =>
    typeof bytesPerHour === 'number' ? [{ of, name, bytesPerHour }] : [],
  )
}
