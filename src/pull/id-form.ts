/** Tells whether the ids of a listing are made of positions or sizes: then another message may have the same id tomorrow. */
import type { MaildropListing } from '../mail/listing.ts'
import type { Listed } from '../mail/message.ts'
import { anyOf } from '../slices.ts'

/** How the ids of a listing follow from what another message may have tomorrow. */
export type IdForm = 'positions' | 'sizes'

/**
 * Whether all ids of a listing are positions, counted from either end, with the same text around them; or sizes. A good server may number its
 * messages, and nothing was deleted so far.
 */
export async function idFormOf(listing: MaildropListing): Promise<IdForm | undefined> {
  const first = listing.at(0)
  if (first?.uidl === undefined) return undefined
  const count = listing.length
  for (const { 0: digits, index } of first.uidl.matchAll(/\d+/g)) {
    const before = first.uidl.slice(0, index)
    const after = first.uidl.slice(index + digits.length)
    for (const { form, of } of numberings) {
      if (Number(digits) !== of(first, count)) continue
      const isSo = (message: Listed) => {
        const uidl: string = message.uidl ?? ''
        const isAlike = uidl.startsWith(before) && uidl.endsWith(after)
        return isAlike && numberIn(uidl.slice(before.length, uidl.length - after.length)) === of(message, count)
      }
      if (!(await anyOf(listing, (message) => !isSo(message)))) return form
    }
  }
  return undefined
}

type Numbered = Pick<Listed, 'number' | 'size'>

const numberings: readonly { readonly form: IdForm; readonly of: (message: Numbered, count: number) => number }[] = [
  { form: 'sizes', of: ({ size }) => size },
  { form: 'positions', of: ({ number }) => number },
  { form: 'positions', of: ({ number }) => number - 1 },
  { form: 'positions', of: ({ number }, count) => count + 1 - number },
  { form: 'positions', of: ({ number }, count) => count - number },
]

function numberIn(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined
}
