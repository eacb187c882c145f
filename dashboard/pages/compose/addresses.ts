/** Addresses as people type and paste them: one by one, or lists from other programs. */

/** Somebody who is written to. */
export interface Addressee {
  readonly name: string | null
  readonly address: string
}

/** Why an address cannot be one; what is no fault here may still be nobody's. */
export type AddressFault = 'no at' | 'spaces' | 'no domain' | 'signs' | 'too long'

/** RFC 5321 section 4.5.3.1, in octets. */
const [localMax, addressMax] = [64, 254] as const
/** RFC 5322's atext and its dots, or a quoted string; letters of every script (RFC 6531). */
const localPart = /^(?:[^\s"(),:;<>@[\\\]\p{Cc}]+|"(?:[^"\\\p{Cc}]|\\[^\p{Cc}])*")$/u
const label = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?$/u

export function faultOf(address: string): AddressFault | undefined {
  const at = address.lastIndexOf('@')
  if (at < 1) return 'no at'
  const [local, domain] = [address.slice(0, at), address.slice(at + 1)]
  if (/\s/.test(domain) || (/\s/.test(local) && !local.startsWith('"'))) return 'spaces'
  if (!localPart.test(local) || local.startsWith('.') || local.endsWith('.') || local.includes('..')) return 'signs'
  if (octetsOf(local) > localMax || octetsOf(address) > addressMax) return 'too long'
  if (/^\[[\d.a-f:]+\]$/i.test(domain) || /^\[IPv6:[\da-f:.]+\]$/i.test(domain)) return undefined
  const labels = domain.split('.')
  if (labels.length < 2 || labels.includes('')) return 'no domain'
  return labels.every((one) => label.test(one)) && URL.canParse(`http://${domain}`) ? undefined : 'signs'
}

const octetsOf = (text: string) => new TextEncoder().encode(text).length

/** The domain as the network names it, where people write it otherwise: its letters may look like others. */
export function networkName({ address }: Addressee): string | undefined {
  const domain = address.slice(address.lastIndexOf('@') + 1)
  const name = URL.canParse(`http://${domain}`) ? new URL(`http://${domain}`).hostname : domain
  return name.includes('xn--') && name !== domain.toLowerCase() ? name : undefined
}

export const keyOf = ({ address }: Addressee) => address.toLowerCase()

/** As it stands in a header (RFC 5322 section 3.4), but for its encoding. */
export function written({ name, address }: Addressee): string {
  if (name === null || name === '') return address
  return `${/[^\p{L}\p{M}\p{N} !#$%&'*+/=?^_`{|}~-]/u.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : name} <${address}>`
}

/** Those of a text, in their order: behind each other with commas, semicolons, line ends or tabs, or only spaces between bare ones. */
export function addresseesIn(text: string): Addressee[] {
  return groupsIn(text).flatMap((pieces) => {
    const found: Addressee[] = []
    // Some programs write `Lovelace, Ada <ada@example.org>`.
    let begun: string[] = []
    for (const piece of pieces) {
      if (piece.includes('<')) {
        found.push(...addresseesOf([...begun, piece].join(', ')))
        begun = []
      } else if (piece.includes('@')) {
        found.push(...begun.flatMap(addresseesOf), ...addresseesOf(piece))
        begun = []
      } else begun.push(piece)
    }
    return [...found, ...begun.flatMap(addresseesOf)]
  })
}

function addresseesOf(piece: string): Addressee[] {
  const bare = piece.split(/\s+/)
  if (bare.length > 1 && bare.every((one) => one.includes('@') && !/["<>()]/.test(one)))
    return bare.map((one) => addresseeOf(one))
  return [addresseeOf(piece)]
}

function addresseeOf(piece: string): Addressee {
  const [, name, inBrackets] = /^([^<]*)<([^<>]*)>[^<>]*$/s.exec(piece) ?? []
  if (name !== undefined && inBrackets !== undefined) return { name: nameIn(name), address: bareOf(inBrackets) }
  const [, before, comment] = /^(\S+@\S+)\s+\((.*)\)$/s.exec(piece) ?? []
  if (before !== undefined && comment !== undefined) return { name: nameIn(comment), address: bareOf(before) }
  return { name: null, address: bareOf(piece) }
}

const bareOf = (address: string) =>
  address
    .trim()
    .replace(/^mailto:/i, '')
    .replace(/[.,;]+$/, '')

function nameIn(text: string): string | null {
  const name = text
    .trim()
    .replace(/^"(.*)"$|^'(.*)'$/s, (_whole, double?: string, single?: string) => double ?? single ?? '')
    .replace(/\\(.)/g, '$1')
    .replace(/\s+/g, ' ')
    .trim()
  return name === '' || name.includes('@') ? null : name
}

/** Split at semicolons and line ends, and each group at its commas: a comma may belong to a name. */
function groupsIn(text: string): string[][] {
  // A group of RFC 5322 is its members.
  const ungrouped = text.replace(/(^|[,;\n])\s*[^"<>@,;:\n]+:(?!\S*@)\s/g, '$1 ')
  return splitBy(ungrouped, /[;\n\r\t]/).map((group) => splitBy(group, /,/))
}

/** Separators in quotes, brackets and comments separate nothing. */
function splitBy(text: string, separator: RegExp): string[] {
  const pieces: string[] = []
  let [piece, quoted, depth] = ['', false, 0]
  for (let nth = 0; nth < text.length; nth += 1) {
    const char = text[nth] ?? ''
    if (char === '\\' && quoted) {
      piece += char + (text[(nth += 1)] ?? '')
      continue
    }
    if (char === '"' && (quoted || piece.trim() === '' || text.includes('"', nth + 1))) quoted = !quoted
    if (!quoted && (char === '<' || char === '(')) depth += 1
    if (!quoted && (char === '>' || char === ')')) depth = Math.max(0, depth - 1)
    if (!quoted && depth === 0 && separator.test(char)) {
      pieces.push(piece)
      piece = ''
    } else piece += char
  }
  return [...pieces, piece].map((one) => one.trim()).filter((one) => one !== '')
}
