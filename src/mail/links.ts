/** Says where a link of a mail really leads, where its text names another place, or where its address is made to be read as another one. */
import { domainToUnicode } from 'node:url'

/** A text that is longer names no address alone. */
const textMax = 2048
/** The last part of names of files, which people write as they write those of hosts. */
const fileEnds = /\.(?:pdf|docx?|xlsx?|pptx?|jpe?g|png|gif|txt|csv|js|html?)$/i

/** @returns the host or mail address to which it leads; undefined if that is where one would think. */
export function leadsElsewhere(text: string, href: string): string | undefined {
  if (!URL.canParse(href)) return undefined
  const { protocol, hostname, username, pathname } = new URL(href)
  const named = namedIn(text)
  switch (protocol) {
    case 'http:':
    case 'https:':
      if (username !== '' || isLookalike(hostname)) return hostname
      return named === undefined || isSameSite(named.host, hostname) ? undefined : hostname
    case 'mailto:': {
      const address = decodedAddress(pathname)
      return named?.address === undefined || named.address === address ? undefined : address
    }
    default:
      return undefined
  }
}

interface Named {
  readonly host: string
  /** Where it is a mail address. */
  readonly address?: string
}

/** What a text names: an address with its protocol, or with `www.`, anywhere in it; or nothing but the name of a host or a mail address. */
function namedIn(text: string): Named | undefined {
  const words = text
    .slice(0, textMax)
    .replace(/[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, '')
    .trim()
  const within = /(?:https?:\/\/|www\.)[^\s<>"']+/i.exec(words)?.[0]
  if (within !== undefined) return hostOf(/^www\./i.test(within) ? `https://${within}` : within)
  const [, mailbox, host = ''] =
    /^(?:([^\s@<>()]+)@)?([\p{L}\p{N}](?:[\p{L}\p{N}-]*\.)+\p{L}{2,})\.?(?:[:/?#]\S*)?$/u.exec(words) ?? []
  if (host === '' || fileEnds.test(host)) return undefined
  const named = hostOf(`https://${host}`)
  return named === undefined || mailbox === undefined
    ? named
    : { ...named, address: `${mailbox}@${named.host}`.toLowerCase() }
}

function hostOf(address: string): Named | undefined {
  return URL.canParse(address) ? { host: new URL(address).hostname } : undefined
}

function decodedAddress(path: string): string {
  try {
    return decodeURIComponent(path).toLowerCase()
  } catch {
    return path.toLowerCase()
  }
}

/** A host within the other one's domain belongs to whoever has that. */
function isSameSite(one: string, other: string): boolean {
  const [a, b] = [one, other].map((host) => host.replace(/^www\./, '').replace(/\.$/, ''))
  if (a === undefined || b === undefined) return false
  return a === b || (b.includes('.') && a.endsWith(`.${b}`)) || (a.includes('.') && b.endsWith(`.${a}`))
}

/** Cyrillic and Greek letters that look as Latin ones do, where a whole word is made of them. */
const likeLatin = /^[аеорсухѕіјԛԝһӏԁɡкмтвοαενυικρτωγ0-9-]+$/u
/** Latin letters that are in no word of a language that is written with them today, but look like others: phonetic ones, small capitals. */
const oddLatin = /[\u0250-\u02af\u1d00-\u1dbf\uff00-\uffef]|ı(?!\p{M})/u

/** Whether the name of a host is made to be read as another one (Unicode Technical Standard 39). */
export function isLookalike(host: string): boolean {
  if (!host.includes('xn--')) return false
  return domainToUnicode(host)
    .split('.')
    .some((label) => {
      const others = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u.test(label)
      const latin = /\p{Script=Latin}/u.test(label)
      return (others && (latin || likeLatin.test(label))) || oddLatin.test(label)
    })
}

const decodedSigns: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"' }
const plain = (html: string) => html.replace(/&(?:amp|lt|gt|quot);/g, (sign) => decodedSigns[sign] ?? sign)
const escaped = (text: string) =>
  text.replace(/[&<>"]/g, (sign) => Object.keys(decodedSigns).find((name) => decodedSigns[name] === sign) ?? '')

/** Writes behind each such link where it leads. @param html as sanitize-html writes it: `<` stands in no attribute. */
export function withLinksMarked(html: string): string {
  const pieces: string[] = []
  let link: { readonly href: string; readonly from: number } | undefined
  let at = 0
  for (const { index, 0: tag } of html.matchAll(/<a\b[^>]*>|<\/a>/g)) {
    const end = index + tag.length
    pieces.push(html.slice(at, end))
    if (tag === '</a>' && link !== undefined) {
      const text = plain(html.slice(link.from, index).replace(/<[^>]*>/g, ''))
      const host = leadsElsewhere(text, link.href)
      if (host !== undefined) pieces.push(` <bdi class="elsewhere">→ ${escaped(host)}</bdi>`)
    }
    const href = / href="([^"]*)"/.exec(tag)?.[1]
    link = tag === '</a>' || href === undefined ? undefined : { href: plain(href), from: end }
    at = end
  }
  pieces.push(html.slice(at))
  return pieces.join('')
}
