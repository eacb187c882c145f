/**
 * Reads the addresses of a header field (RFC 5322 section 3.4). It is stricter than readers of mail have to be: what two of them may take
 * for two addresses is none here.
 */
import { domainToASCII, domainToUnicode } from 'node:url'

interface Token {
  readonly kind: 'word' | 'quoted' | 'literal' | 'special'
  readonly text: string
}

/** Letters beyond ASCII are those of RFC 6532. */
const letters = "[A-Za-z0-9!#$%&'*+\\-/=?^_`{|}~\\u0080-\\u{10FFFF}]+"
const word = new RegExp(letters, 'uy')
const dotAtom = new RegExp(`^${letters}(?:\\.${letters})*$`, 'u')
const quoted = /"((?:[^"\\]|\\[^])*)"/y
const literal = /\[[^[\]\\]*\]/y
const blank = /[ \t\r\n]+/y

/** Gives the addresses of a field's value; undefined if they cannot be told, and for a group (`Friends: a@x, b@y;`). */
export function addressesIn(value: string): string[] | undefined {
  const tokens = tokensIn(value)
  if (tokens === undefined) return undefined
  const addresses: string[] = []
  let from = 0
  for (let at = 0; at <= tokens.length; at += 1) {
    if (at < tokens.length && !isSpecial(tokens[at], ',')) continue
    const address = mailboxOf(tokens.slice(from, at))
    if (address === undefined) return undefined
    addresses.push(address)
    from = at + 1
  }
  return addresses
}

/** Gives the form of an address in which two spellings of it are equal: letters of its name in any case, its domain as DNS writes it. */
export function addressKey(address: string): string {
  const at = address.lastIndexOf('@')
  const domain = address.slice(at + 1).toLowerCase()
  return `${address.slice(0, at).normalize('NFC').toLowerCase()}@${asDnsWrites(domain)}`
}

/** The domain of an address in ASCII. */
export function domainOf(address: string): string {
  return asDnsWrites(address.slice(address.lastIndexOf('@') + 1).toLowerCase())
}

/** The address as it stands in an envelope; a name that is not ASCII needs SMTPUTF8 all the same. */
export function asciiAddress(address: string): string {
  const at = address.lastIndexOf('@')
  return at === -1 ? address : `${address.slice(0, at)}@${domainOf(address)}`
}

export function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- ASCII is what is asked for.
  return /^[\0-\x7f]*$/.test(text)
}

/** A name that only looks like another one (fullwidth letters) stays as it is, and is equal to nothing else. */
function asDnsWrites(domain: string): string {
  if (isAscii(domain)) return domain
  const ascii = domainToASCII(domain)
  return ascii !== '' && domainToUnicode(ascii) === domain.normalize('NFC') ? ascii : domain
}

/** The comments and the white space are left out. */
function tokensIn(value: string): Token[] | undefined {
  const tokens: Token[] = []
  for (let at = 0; at < value.length; ) {
    const letter = value[at] ?? ''
    if (letter === '(') {
      const end = endOfComment(value, at)
      if (end === undefined) return undefined
      at = end
      continue
    }
    const found =
      matchAt(blank, value, at, undefined) ??
      matchAt(word, value, at, 'word') ??
      matchAt(quoted, value, at, 'quoted') ??
      matchAt(literal, value, at, 'literal') ??
      ('<>@,:;.'.includes(letter) ? { end: at + 1, token: { kind: 'special', text: letter } as const } : undefined)
    if (found === undefined) return undefined
    if (found.token !== undefined) tokens.push(found.token)
    at = found.end
  }
  return tokens
}

function matchAt(pattern: RegExp, value: string, at: number, kind: Exclude<Token['kind'], 'special'> | undefined) {
  pattern.lastIndex = at
  const match = pattern.exec(value)
  if (match === null) return undefined
  const text = kind === 'quoted' ? (match[1] ?? '').replace(/\\([^])/g, '$1').replace(/\r\n/g, '') : match[0]
  return { end: pattern.lastIndex, token: kind === undefined ? undefined : { kind, text } }
}

/** Comments hold comments. */
function endOfComment(value: string, from: number): number | undefined {
  let depth = 0
  for (let at = from; at < value.length; at += 1) {
    if (value[at] === '\\') at += 1
    else if (value[at] === '(') depth += 1
    else if (value[at] === ')' && --depth === 0) return at + 1
  }
  return undefined
}

function isSpecial(token: Token | undefined, text: string): boolean {
  return token?.kind === 'special' && token.text === text
}

/** `Name <address>`, or the address alone. */
function mailboxOf(tokens: readonly Token[]): string | undefined {
  const opens = tokens.findIndex((token) => isSpecial(token, '<'))
  if (opens === -1) return addressOf(tokens)
  if (!isSpecial(tokens.at(-1), '>')) return undefined
  const address = addressOf(tokens.slice(opens + 1, -1))
  const name = tokens.slice(0, opens)
  if (address === undefined || !name.some((token) => isSpecial(token, '@'))) {
    const isPhrase = name.every(({ kind, text }) => kind === 'word' || kind === 'quoted' || text === '.')
    return isPhrase ? address : undefined
  }
  // Some programs write the address as the name too, without quotation marks. Readers may show either.
  const named = addressOf(name)
  return named !== undefined && addressKey(named) === addressKey(address) ? address : undefined
}

function addressOf(tokens: readonly Token[]): string | undefined {
  const at = tokens.findIndex((token) => isSpecial(token, '@'))
  if (at < 1) return undefined
  const name = dotted(tokens.slice(0, at), ['word', 'quoted'])
  const rest = tokens.slice(at + 1)
  const domain = rest.length === 1 && rest[0]?.kind === 'literal' ? rest[0].text : dotted(rest, ['word'])
  return name === undefined || domain === undefined ? undefined : `${plain(name)}@${domain}`
}

/** Words with a dot between two. */
function dotted(tokens: readonly Token[], kinds: readonly Token['kind'][]): string | undefined {
  const isRight = (token: Token, nth: number) => (nth % 2 === 0 ? kinds.includes(token.kind) : isSpecial(token, '.'))
  return tokens.length % 2 === 1 && tokens.every(isRight) ? tokens.map(({ text }) => text).join('') : undefined
}

/** `"me"@example.org` is `me@example.org`; a name that needs its quotation marks keeps them. */
function plain(name: string): string {
  return dotAtom.test(name) ? name : `"${name.replace(/[\\"]/g, '\\$&')}"`
}
