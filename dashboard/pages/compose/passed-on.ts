/**
 * A message that is passed on as it looks: its HTML as the API has cleaned it for reading, with its pictures as parts. It stands in an element
 * that nothing written here has, so that it is found again in a draft. It is parsed in a document that is nowhere, and shown in a frame alone.
 */
export interface LetterPlace {
  readonly folder: string
  readonly uid: number
}

/** The HTML of another message, as the API has cleaned it: nobody edits it, and it is shown in a frame alone. */
export interface PassedOn {
  readonly html: string
  readonly text: string
  /** What its HTML shows in its place. */
  readonly pictures: readonly Picture[]
  /** Of the draft in which it lies; undefined: it is that of the message that is passed on. */
  readonly draft?: LetterPlace | undefined
}

export interface Picture {
  readonly cid: string
  readonly contentType: string
  /** In base64. */
  readonly content: string
}

/** What the page itself writes has none (html.ts). */
const holder = 'section'

export const withPassedOn = (html: string, { html: passed }: Pick<PassedOn, 'html'>): string =>
  `${html}<${holder}>${passed}</${holder}>`

const extensions: Readonly<Record<string, string>> = { 'image/jpeg': 'jpg' }
export const pictureName = ({ cid, contentType }: Picture): string =>
  `${cid.split('@', 1)[0] ?? 'picture'}.${extensions[contentType] ?? contentType.slice('image/'.length)}`

/** @param page as `/html` gives it, with pictures as data. @param text what the message has of plain text. */
export function passedOnIn(page: string, text: string | null, textOf: (html: string) => string): PassedOn {
  const { body } = new DOMParser().parseFromString(page, 'text/html')
  return { ...withPictures(body), text: (text ?? textOf(body.innerHTML)).replace(/\r\n?/g, '\n') }
}

/** A draft that was written here, in its two parts; undefined: it passes nothing on. */
export function partsOfDraft(
  page: string,
  draft: LetterPlace,
  textOf: (html: string) => string,
): { readonly html: string; readonly passedOn: PassedOn } | undefined {
  const { body } = new DOMParser().parseFromString(page, 'text/html')
  const held = body.lastElementChild
  if (held?.localName !== holder) return undefined
  held.remove()
  return { html: body.innerHTML, passedOn: { ...withPictures(held), text: textOf(held.innerHTML), draft } }
}

/** Takes away what is not passed on, in the page of a draft. */
export function showPassedOn({ body }: Document): void {
  const held = body.lastElementChild
  if (held?.localName === holder) body.replaceChildren(held)
}

const embedded = /data:(image\/[a-z0-9.+-]+);base64,([a-z0-9+/=\s]+)/gi

function withPictures(root: Element): Pick<PassedOn, 'html' | 'pictures'> {
  const pictures = new Map<string, Picture>()
  const named = (text: string) =>
    text.replace(embedded, (whole, contentType: string, content: string) => {
      const picture = pictures.get(whole) ?? {
        cid: `${crypto.randomUUID()}@tributary`,
        contentType: contentType.toLowerCase(),
        content: content.replace(/\s/g, ''),
      }
      pictures.set(whole, picture)
      return `cid:${picture.cid}`
    })
  // Of pictures that lie elsewhere nothing is left.
  for (const image of root.querySelectorAll('img:not([src])')) image.remove()
  // Where a link really leads is said to the one who reads it here.
  for (const mark of root.querySelectorAll('.elsewhere')) mark.remove()
  for (const element of root.querySelectorAll('[src], [style], [background]'))
    for (const name of ['src', 'style', 'background']) {
      const value = element.getAttribute(name)
      if (value?.includes('data:image/')) element.setAttribute(name, named(value))
    }
  return { html: root.innerHTML, pictures: [...pictures.values()] }
}
