/** Hides secrets in a server's words: some servers repeat the line that they refuse, and their words are shown and logged. */
import { printable } from './printable.ts'

export type Mask = (text: string) => string

/** Hides the password of a login, and the AUTH PLAIN response that consists of user and password (RFC 4616). */
export function loginMask(user: string, password: string): Mask {
  return masking([password, `\0${user}\0${password}`])
}

/**
 * A shorter secret stands inside of ordinary words: to hide "p" in "password" would hide nothing, and would tell the secret. It is hidden
 * where it stands alone, as it does in a line that is repeated.
 */
const wordLength = 4

/** A secret of at least so many octets is found inside of longer texts in base64, too: of a shorter one ordinary words may have as much. */
const insideOctets = 8

/** Words are cut at some length, and a token is longer: of a form as long as this its beginning tells it, up to the next blank. */
const cutLength = 40
const beginningLength = 20

/** Hides secrets in clear, in base64, in hex and in percent-encoding. */
export function masking(secrets: readonly string[]): Mask {
  let hide: Mask | undefined
  // Most sessions have no words to show: the forms of their secrets are never written then.
  return (text) => (hide ??= hiding(secrets))(text)
}

function hiding(secrets: readonly string[]): Mask {
  const forms = secrets
    .filter((secret) => secret !== '')
    .flatMap((secret) => formsOf(secret).map((form) => ({ form, isShort: secret.length < wordLength })))
    // Two hexadecimal digits are a number in anybody's words.
    .filter(({ form, isShort }) => !(isShort && /^[0-9a-f]{2}$/.test(form) && !secrets.includes(form)))
    .toSorted((a, b) => b.form.length - a.form.length)
  if (forms.length === 0) return (text) => text
  const written = forms.map(({ form, isShort }) => (isShort ? alone(form) : escaped(form)))
  const long = forms.filter(({ form }) => form.length >= cutLength).map(({ form }) => form.slice(0, beginningLength))
  written.push(...[...new Set(long)].map((beginning) => `${escaped(beginning)}[^\\s"'<>]*`))
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
  const inside = octets.length < insideOctets ? [] : insideBase64(octets)
  // The secret in the form in which a server's words are shown. A secret without printable characters has nothing left to hide.
  const shown = clear.map((text) => printable(text, text.length)).filter((text) => !/^\?+$/.test(text))
  return [
    ...new Set([
      ...clear,
      ...shown,
      base64,
      octets.toString('base64url'),
      octets.toString('hex'),
      percent,
      inUrl,
      ...inside,
      ...inside.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
    ]),
  ]
}

/** What base64 makes of octets behind 0, 1 or 2 others: a SASL response holds a token, and a Basic header a password. */
function insideBase64(octets: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), octets]).toString('base64')
    // A digit at either end may hold bits of what stands beside it.
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + octets.length) * 8) / 6))
  })
}

function escaped(form: string): string {
  return form.replaceAll(/[^A-Za-z0-9]/g, (char) => `\\u${hex4(char)}`)
}

/** Beside a letter or digit of the secret stands no other one; beside another sign of it a blank, a quotation mark, a bracket or `=`. */
function alone(form: string): string {
  const letter = 'A-Za-z0-9\\u00c0-\\u024f'
  const edge = '\\s"\'`<>()\\[\\]{}=:,;&'
  const isLetter = (char: string | undefined) => char !== undefined && /[A-Za-z0-9]/.test(char)
  const before = isLetter(form[0]) ? `(?<![${letter}])` : `(?<![^${edge}])`
  const after = isLetter(form.at(-1)) ? `(?![${letter}])` : `(?![^${edge}.])`
  return `${before}${escaped(form)}${after}`
}

function hex4(char: string): string {
  return char.charCodeAt(0).toString(16).padStart(4, '0')
}
