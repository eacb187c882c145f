/** What the sieve of a store's answers looks for. */

export const marks = {
  lf: 0x0a,
  cr: 0x0d,
  space: 0x20,
  quote: 0x22,
  open: 0x28,
  close: 0x29,
  comma: 0x2c,
  openSection: 0x5b,
  backslash: 0x5c,
  closeSection: 0x5d,
  brace: 0x7b,
} as const

/** No head of an answer that is sifted is longer: an asterisk, ten digits, a word. */
export const headMax = 32

export type Head =
  | { readonly kind: 'numbers'; readonly of: 'sort' | 'search' | 'esearch' }
  | { readonly kind: 'fetch'; readonly sequence: number }
  /** The name of a folder. */
  | { readonly kind: 'name' }

/** Reads the beginning of a line, up to a space or an opening parenthesis. */
export function headOf(head: string): Head | undefined {
  const word = /^\* (SORT|SEARCH|ESEARCH|LIST|LSUB|XLIST) $/i.exec(head)?.[1]?.toLowerCase()
  if (word === 'sort' || word === 'search' || word === 'esearch') return { kind: 'numbers', of: word }
  if (word !== undefined) return { kind: 'name' }
  const sequence = /^\* (\d{1,10}) FETCH \($/i.exec(head)?.[1]
  return sequence === undefined ? undefined : { kind: 'fetch', sequence: Number(sequence) }
}

/** A list within BODYSTRUCTURE. `body` is one of which nothing was read yet; `inner` lies in a part that has no parts. */
export interface Frame {
  kind: 'body' | 'multi' | 'single' | 'inner'
  /** Its subtype was told: no part follows (RFC 9051 section 9, `body-type-mpart`). */
  isNamed: boolean
}

/** Stands where parts are nested too deep. */
export const standIn = '("application" "octet-stream" NIL NIL NIL "7bit" 0)'

export function asciiOf(octet: number): string {
  return String.fromCharCode(octet)
}
