/**
 * Makes HTML mail harmless (docs/decisions/0022): it removes everything that is not known to be harmless, and remote content unless that
 * is asked for. If it misses something, the frame that shows the mail, and the policy of that frame (api/routes/mail.ts), stop it.
 */
import sanitize from 'sanitize-html'
import { mailLimits } from './limits.ts'
import { withLinksMarked } from './links.ts'

export interface Sanitised {
  /** A fragment, not a whole document. */
  readonly html: string
  /** Whether the mail has remote content, shown or not. */
  readonly remote: boolean
}

/** The unchanged HTML of a message. */
export interface Pages {
  readonly pages: readonly string[]
  /** The images of the message itself: data: URIs by Content-ID. */
  readonly images: ReadonlyMap<string, string>
}

export interface Choice {
  /** Whether images from elsewhere are shown. The sender of the mail then learns that it is read, when, and from where. */
  readonly remote: boolean
  /** Gives an image of the message itself as a data: URI. */
  readonly image: (contentId: string) => string | undefined
}

/** The reasons why mail is not shown. `slow`: cleaning took too long. `failed`: cleaning took too much memory, or broke. `busy`: too many wait. */
export const withholdings = ['slow', 'failed', 'busy'] as const
export type Withheld = (typeof withholdings)[number]

/** Cleans all pages of a message and puts each below the one before. */
export function cleaned({ pages, images }: Pages, remote: boolean): Sanitised {
  let room: number = mailLimits.shownImagesOctetsMax
  const image = (contentId: string) => {
    const uri = images.get(contentId)
    if (uri === undefined || uri.length > room) return undefined
    room -= uri.length
    return uri
  }
  const made = pages.map((page) => sanitised(page, { remote, image }))
  return {
    html: made.map(({ html }) => withLinksMarked(html)).join('\n<hr>\n'),
    remote: made.some((page) => page.remote),
  }
}

const namesIn = (words: string): string[] => words.trim().split(/\s+/)

const tags = namesIn(`
  a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del details dfn div dl dt em
  figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q rp rt ruby s samp section small
  span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr`)

/** Tags that are removed with everything in them. */
const droppedTags = namesIn(`
  applet audio canvas embed frame frameset iframe math noembed noframes noscript object option plaintext script select style svg
  template textarea title video xmp`)

const attributes = namesIn(`
  abbr align alt background bgcolor border cellpadding cellspacing color cols colspan dir face headers height hspace lang nowrap
  reversed rows rowspan rules scope size span start style title type valign value vspace width`)

/** The properties that are kept. None of them can cover one thing by another. */
const properties = new Set(
  namesIn(`
  background background-color background-image background-position background-repeat background-size border border-collapse
  border-color border-radius border-spacing border-style border-width box-sizing caption-side clear color direction display
  empty-cells float font font-family font-size font-style font-variant font-weight height letter-spacing line-height list-style
  list-style-position list-style-type margin max-height max-width min-height min-width opacity overflow overflow-wrap padding
  table-layout text-align text-decoration text-indent text-transform unicode-bidi vertical-align white-space width word-break
  word-spacing word-wrap
  margin-top margin-right margin-bottom margin-left padding-top padding-right padding-bottom padding-left
  border-top border-right border-bottom border-left border-top-color border-right-color border-bottom-color border-left-color
  border-top-style border-right-style border-bottom-style border-left-style border-top-width border-right-width
  border-bottom-width border-left-width`),
)

/** A value may hold no function but these, no escape that could spell another one, and quotes only in pairs. */
const harmlessValue = /^(?:(?:rgba?|hsla?)\([^()\\<>"']*\)|"[^"()\\<>@]*"|'[^'()\\<>@]*'|[^()\\<>@"'])*$/i
/** A length by the height of the window: the frame is as high as its page, which would grow with it. */
const ofTheWindow = /\d[sld]?v(?:h|min|max|b)\b/i
// No two neighbours in these take the same white space: where both could, a mail of 40,000 spaces takes seconds.
const imageValue = /^url\(\s*(["']?)([^()\\<>"'\s]+)\1\s*\)(?:\s*(no-repeat|repeat-x|repeat-y|repeat))?$/i
/** A remote address, with any text around it. */
const remoteStyle = /url\(\s*(?:["']\s*)?(?:https?:|[\\/]{2})/i

const embedded = /^data:image\/(?:png|jpe?g|gif|webp|bmp|avif);base64,[a-z0-9+/=\s]*$/i

/** How many tags may be open at once. Real mail has some dozens; the parser's time grows with their square. */
const openTagsMax = 5000

export function sanitised(html: string, { remote, image }: Choice): Sanitised {
  let hasRemote = false
  /** The address from which an image may come; undefined if it may not be shown. */
  const sourceOf = (url: string | undefined): string | undefined => {
    const at = url?.trim() ?? ''
    if (/^cid:/i.test(at)) return image(contentIdOf(at))
    if (embedded.test(at)) return at
    const elsewhere = addressOf(at, ['http:', 'https:'])
    if (elsewhere !== undefined) hasRemote = true
    return remote ? elsewhere : undefined
  }
  const styleOf = (style: string): string => {
    if (remoteStyle.test(style)) hasRemote = true
    return style
      .split(';')
      .flatMap((declaration) => {
        const colon = declaration.indexOf(':')
        const name = declaration.slice(0, colon).trim().toLowerCase()
        const value = declaration.slice(colon + 1).trim()
        if (!properties.has(name) || ofTheWindow.test(value)) return []
        if (harmlessValue.test(value)) return [`${name}:${value}`]
        const [, , url, repeat = 'repeat'] = imageValue.exec(value) ?? []
        const source = name.startsWith('background') ? sourceOf(url) : undefined
        return source === undefined ? [] : [`background-image:url("${cssOf(source)}")`, `background-repeat:${repeat}`]
      })
      .join(';')
  }
  const cleaned = sanitize(shallow(html), {
    allowedTags: tags,
    allowedAttributes: { '*': attributes, a: ['href', 'target', 'rel'], img: ['src'] },
    nonTextTags: droppedTags,
    allowedSchemes: ['http', 'https', 'mailto', 'tel'],
    allowedSchemesByTag: { img: ['http', 'https', 'data'] },
    allowProtocolRelative: false,
    // They are parsed here: postcss takes seconds for the styles of a newsletter.
    parseStyleAttributes: false,
    transformTags: {
      '*': (tagName, { src, srcset, background, style, href, ...rest }) => {
        const link = tagName === 'a' ? addressOf(href ?? '', ['http:', 'https:', 'mailto:', 'tel:']) : undefined
        const attribs = {
          ...rest,
          style: style === undefined ? undefined : styleOf(style),
          background: background === undefined ? undefined : sourceOf(background),
          src: tagName === 'img' ? sourceOf(src ?? srcset?.trim().split(/[\s,]/)[0]) : undefined,
          ...(link === undefined
            ? { target: undefined, rel: undefined }
            : { href: link, target: '_blank', rel: 'noopener noreferrer' }),
        }
        return { tagName: tagName === 'body' ? 'div' : tagName, attribs: present(attribs) }
      },
    },
  })
  return { html: cleaned, remote: hasRemote }
}

/** The longest address that is one. Trackers' have some hundred characters; sanitize-html takes comments out of an address one by one. */
const addressMax = 8192

/** Reads an address as a browser does, white space included. Undefined if it is not absolute, or has another protocol. */
function addressOf(text: string, protocols: readonly string[]): string | undefined {
  if (text.length > addressMax) return undefined
  const absolute = text.trim().replace(/^[\\/]{2}/, 'https://')
  if (!URL.canParse(absolute)) return undefined
  const { protocol, href } = new URL(absolute)
  return protocols.includes(protocol) ? href : undefined
}

function cssOf(url: string): string {
  return url
    .replace(/["'()\\<>\s]/g, encodeURIComponent)
    .replace(/['()]/g, (char) => `%${char.charCodeAt(0).toString(16)}`)
}

function present(attribs: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(attribs).filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== ''),
  )
}

/** The page up to the place where too many tags are open. */
function shallow(html: string): string {
  let open = 0
  for (const { index, 1: slash } of html.matchAll(
    /<(\/?)(?!(?:area|base|br|col|embed|hr|img|input|link|meta|source|wbr)\b)[a-z]/gi,
  )) {
    open = slash === '' ? open + 1 : Math.max(open - 1, 0)
    if (open > openTagsMax) return html.slice(0, index)
  }
  return html
}

/** The Content-ID of an address (RFC 2392). */
export function contentIdOf(url: string): string {
  const id = url.slice('cid:'.length)
  try {
    return decodeURIComponent(id)
  } catch {
    return id
  }
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

export function htmlOfText(text: string): string {
  return `<div style="white-space: pre-wrap">${text.replace(/[&<>"]/g, (char) => escapes[char] ?? '')}</div>`
}
