/** What keeps a message from being sent, and what its writer is asked once before. */
import { faultOf } from './addresses.ts'
import { speaksOfAttachment } from './forgotten.ts'
import { ownWords } from './quoting.ts'
import { peopleFields, textIn, type Values } from './wire.ts'

export type Doubt = 'no subject' | 'no attachment'
export type Hindrance = 'nobody' | 'no address' | 'still reading'

export function hindranceOf(values: Values): Hindrance | undefined {
  const people = peopleFields.flatMap((field) => values[field])
  if (people.length === 0) return 'nobody'
  if (people.some(({ address }) => faultOf(address) !== undefined)) return 'no address'
  return values.attachments.some(({ content }) => content === undefined) ? 'still reading' : undefined
}

export function doubtOf(values: Values, asked: ReadonlySet<Doubt>): Doubt | undefined {
  if (values.subject.trim() === '' && !asked.has('no subject')) return 'no subject'
  const isForgotten =
    values.attachments.length === 0 && speaksOfAttachment(`${values.subject}\n${ownWords(textIn(values))}`)
  return isForgotten && !asked.has('no attachment') ? 'no attachment' : undefined
}
