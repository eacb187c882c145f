/** The user name of an account where nobody has said one: one rule for the API, the dashboard and the command line. */
import { providerOfHost } from './providers.ts'

/** What stands before the @. */
export const localOf = (address: string) => address.slice(0, address.lastIndexOf('@'))

/** Most providers want the whole address; of those on our list it is known. */
export function usualUser(address: string, host: string): string {
  const whole = address.trim()
  return providerOfHost(host)?.bareUser ? localOf(whole) : whole
}
