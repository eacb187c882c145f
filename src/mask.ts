/** What a server says of what it was told: some say the line again that they refuse, and what they say is shown and logged. */
import { printable } from './printable.ts'

export type Mask = (text: string) => string

/** Of a login by user and password: the password, and what AUTH PLAIN makes of both (RFC 4616), as bytes may be written. */
export function loginMask(user: string, password: string): Mask {
  return masking([password, `\0${user}\0${password}`])
}

/** In clear, in base64, hex and percent-encoding. */
export function masking(secrets: readonly string[]): Mask {
  const forms = secrets
    .filter((secret) => secret !== '')
    .flatMap(formsOf)
    .toSorted((a, b) => b.length - a.length)
  if (forms.length === 0) return (text) => text
  const written = forms.map((form) => form.replaceAll(/[^A-Za-z0-9]/g, (char) => `\\u${hex4(char)}`))
  // With the padding that base64 may have.
  const any = new RegExp(`(?:${written.join('|')})={0,2}`, 'gi')
  return (text) => text.replaceAll(any, '***')
}

/** As it may stand in what somebody writes. */
export function formsOf(secret: string): string[] {
  const octets = Buffer.from(secret)
  const base64 = octets.toString('base64').replace(/=+$/, '')
  const percent = octets.toString('hex').replaceAll(/../g, '%$&')
  // One char a byte: so POP3's replies are read.
  const clear = [secret, octets.toString('latin1')]
  // By way of the octets: a lone surrogate has no encoding.
  const inUrl = encodeURIComponent(octets.toString())
  // As a server's words are shown; of one that has nothing printable in it nothing is left to hide.
  const shown = clear.map((text) => printable(text, text.length)).filter((text) => !/^\?+$/.test(text))
  return [
    ...new Set([...clear, ...shown, base64, octets.toString('base64url'), octets.toString('hex'), percent, inUrl]),
  ]
}

function hex4(char: string): string {
  return char.charCodeAt(0).toString(16).padStart(4, '0')
}
