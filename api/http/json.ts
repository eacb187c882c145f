/** Tells whether all texts in a JSON document consist of whole characters. */
import { isUtf8 } from 'node:buffer'
import { Problem } from './problems.ts'

/** Matches escapes that are not half of a surrogate pair by themselves: escapes of another kind, or both halves in their order. */
const whole = /\\(?:[^u]|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})/g
const half = /\\u([dD][89a-fA-F][0-9a-fA-F]{2})/

/**
 * Finds half of a surrogate pair, such as `\ud800` alone (RFC 8259 section 8.2): JSON may contain it, but UTF-8 has no octets for it, and
 * the JSON reader in Redis' scripts fails on it, so that one such record would keep all others from being looked at.
 */
export function halfSurrogateIn(json: string): string | undefined {
  if (!half.test(json)) return undefined
  return half.exec(json.replace(whole, ''))?.[1]
}

export const noCharacter = (digits: string) =>
  `The escape \\u${digits} is half of a surrogate pair, and so no character.`

/** Any other octets would become U+FFFD, in a password too, without a word (RFC 8259 section 8.1). */
export function utf8In(octets: Buffer, what: 'body' | 'line'): string | Problem {
  if (isUtf8(octets)) return octets.toString()
  const detail = `The ${what} is not UTF-8: some of its octets are no characters. Send it in UTF-8; programs of old write Latin-1.`
  return new Problem('malformed', detail)
}
