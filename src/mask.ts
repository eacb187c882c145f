/** Hides secrets in a server's words: some servers repeat the line that they refuse, and their words are shown and logged. */
import { printable } from './printable.ts'

export type Mask = (text: string) => string

/** Hides the password of a login, and the AUTH PLAIN response that consists of user and password (RFC 4616). */
export function loginMask(user: string, password: string): Mask {
  return masking([password, `\0${user}\0${password}`])
}

/** Hides secrets in clear, in base64, in hex and in percent-encoding. */
export function masking(secrets: readonly string[]): Mask {
  const forms = secrets
    .filter((secret) => secret !== '')
    .flatMap(formsOf)
    .toSorted((a, b) => b.length - a.length)
  if (forms.length === 0) return (text) => text
  const written = forms.map((form) => form.replaceAll(/[^A-Za-z0-9]/g, (char) => `\\u${hex4(char)}`))
  // The end also matches the padding that base64 may have.
  const any = new RegExp(`(?:${written.join('|')})={0,2}`, 'gi')
  return (text) => text.replaceAll(any, '***')
}

/** The forms in which a secret may stand in somebody's words. */
export function formsOf(secret: string): string[] {
  const octets = Buffer.from(secret)
  const base64 = octets.toString('base64').replace(/=+$/, '')
  const percent = octets.toString('hex').replaceAll(/../g, '%$&')
  // POP3's replies are read one char a byte.
  const clear = [secret, octets.toString('latin1')]
  // It uses the octets, because a lone surrogate has no encoding.
  const inUrl = encodeURIComponent(octets.toString())
  // The secret in the form in which a server's words are shown. A secret without printable characters has nothing left to hide.
  const shown = clear.map((text) => printable(text, text.length)).filter((text) => !/^\?+$/.test(text))
  return [
    ...new Set([...clear, ...shown, base64, octets.toString('base64url'), octets.toString('hex'), percent, inUrl]),
  ]
}

function hex4(char: string): string {
  return char.charCodeAt(0).toString(16).padStart(4, '0')
}
