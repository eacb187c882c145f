/** What the page on which mail is written sends to the API. */
import type { Addressee } from './addresses.ts'
import { faultOf } from './addresses.ts'
import type { Attached } from './attaching.ts'
import { textOf } from './html.ts'
import { type LetterPlace, type PassedOn, pictureName, withPassedOn } from './passed-on.ts'

export type { LetterPlace, PassedOn } from './passed-on.ts'

export interface Values {
  /** The id of the account as which it is written. */
  readonly identity: string
  readonly to: readonly Addressee[]
  readonly cc: readonly Addressee[]
  readonly bcc: readonly Addressee[]
  readonly subject: string
  readonly format: 'plain' | 'html'
  readonly text: string
  readonly html: string
  readonly attachments: readonly Attached[]
  /** A message that is passed on as it looks, below what is written. In plain text it stands in the text itself. */
  readonly passedOn?: PassedOn | undefined
}

export const peopleFields = ['to', 'cc', 'bcc'] as const
export type PeopleField = (typeof peopleFields)[number]

/** What it answers or passes on. */
export interface Origin {
  readonly inReplyTo?: LetterPlace
  /** What it passes on stands in its text and attachments. */
  readonly forward?: LetterPlace & { readonly as: 'quoted' }
}

export const textIn = ({ format, text, html }: Pick<Values, 'format' | 'text' | 'html'>): string =>
  format === 'html' ? textOf(html) : text

/** With what is passed on below it. */
export const wholeText = (values: Pick<Values, 'format' | 'text' | 'html' | 'passedOn'>): string =>
  values.format === 'html' && values.passedOn !== undefined
    ? `${textIn(values)}\n\n${values.passedOn.text}`
    : textIn(values)

/** Attachments that are not read yet, and what is no address yet, are not in it. */
export function newMessageOf(values: Values, origin: Origin) {
  const { identity, subject, format, html, attachments, passedOn } = values
  const shown = format === 'html' ? passedOn : undefined
  const people = (field: PeopleField) =>
    values[field]
      .filter(({ address }) => faultOf(address) === undefined)
      .map(({ name, address }) => (name === null ? { address } : { name, address }))
  return {
    identity,
    to: people('to'),
    cc: people('cc'),
    bcc: people('bcc'),
    subject,
    text: wholeText(values),
    ...(format === 'html' ? { html: shown === undefined ? html : withPassedOn(html, shown) } : {}),
    ...(attachments.length === 0 && shown === undefined
      ? {}
      : {
          attachments: [
            ...attachments.flatMap(({ filename, contentType, content }) =>
              content === undefined ? [] : [{ filename, contentType, content }],
            ),
            ...(shown?.pictures ?? []).map((picture) => ({ ...picture, filename: pictureName(picture) })),
          ],
        }),
    ...origin,
  }
}
