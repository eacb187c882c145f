/** What the page on which mail is written sends to the API. */
import type { Addressee } from './addresses.ts'
import { faultOf } from './addresses.ts'
import type { Attached } from './attaching.ts'
import { textOf } from './html.ts'

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
}

export const peopleFields = ['to', 'cc', 'bcc'] as const
export type PeopleField = (typeof peopleFields)[number]

export interface LetterPlace {
  readonly folder: string
  readonly uid: number
}

/** What it answers or passes on. */
export interface Origin {
  readonly inReplyTo?: LetterPlace
  /** What it passes on stands in its text and attachments. */
  readonly forward?: LetterPlace & { readonly as: 'quoted' }
}

export const textIn = ({ format, text, html }: Pick<Values, 'format' | 'text' | 'html'>): string =>
  format === 'html' ? textOf(html) : text

/** Attachments that are not read yet, and what is no address yet, are not in it. */
export function newMessageOf(values: Values, origin: Origin) {
  const { identity, subject, format, html, attachments } = values
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
    text: textIn(values),
    ...(format === 'html' ? { html } : {}),
    ...(attachments.length === 0
      ? {}
      : {
          attachments: attachments.flatMap(({ filename, contentType, content }) =>
            content === undefined ? [] : [{ filename, contentType, content }],
          ),
        }),
    ...origin,
  }
}
