/** The first words of a text, for a list: of its beginning as it was sent, encoded and cut anywhere. */

export const snippetLettersMax = 160

/** What fills the preheader of newsletters and is not seen: soft hyphens, joiners, spaces without width. */
// oxlint-disable-next-line no-misleading-character-class
const unseen = /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g

export function snippetOfText(text: string): string | null {
  const words = text
    .replace(unseen, '')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
  if (words.length <= snippetLettersMax) return words || null
  const cut = words.slice(0, snippetLettersMax)
  // Half of a surrogate pair is no letter.
  return cut.replace(/[\ud800-\udbff]$/, '')
}

/** Leaves out the lines of whoever is answered. */
export function snippetOfPlain(text: string): string | null {
  const own = text.split('\n').filter((line) => !line.startsWith('>'))
  return snippetOfText(own.join('\n')) ?? snippetOfText(text)
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }

export function snippetOfHtml(html: string): string | null {
  const words = withoutTags(html).replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));?/gi,
    (whole, decimal, hex, name) => {
      if (name !== undefined) return entities[String(name).toLowerCase()] ?? whole
      const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal)
      return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : ' '
    },
  )
  return snippetOfText(words)
}

const dropped = /^<(head|style|script|title|svg)\b/i

/** Goes through it once: what is not closed is left out to its end. */
function withoutTags(html: string): string {
  const pieces: string[] = []
  for (let at = 0; at < html.length; ) {
    const open = html.indexOf('<', at)
    if (open === -1) {
      pieces.push(html.slice(at))
      break
    }
    pieces.push(html.slice(at, open), ' ')
    at = endOf(html, open)
  }
  return pieces.join('')
}

function endOf(html: string, open: number): number {
  const [, name] = dropped.exec(html.slice(open, open + 8)) ?? []
  const end = html.startsWith('<!--', open) ? '-->' : name === undefined ? '>' : `</${name.toLowerCase()}`
  const from = name === undefined ? html.indexOf(end, open) : html.toLowerCase().indexOf(end, open)
  if (from === -1) return html.length
  return name === undefined ? from + end.length : endOf(html, from)
}

/** Undoes a transfer encoding of which the end is missing (RFC 2045 section 6). */
export function undoneEncoding(octets: Buffer, encoding: string): Buffer {
  switch (encoding) {
    case 'base64':
      return Buffer.from(octets.toString('latin1').replace(/[^A-Za-z0-9+/]/g, ''), 'base64')
    case 'quoted-printable': {
      const text = octets
        .toString('latin1')
        .replace(/=\r?\n/g, '')
        .replace(/=[0-9A-F]?$/i, '')
      return Buffer.from(
        text.replace(/=([0-9A-F]{2})/gi, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
        'latin1',
      )
    }
    default:
      return octets
  }
}
