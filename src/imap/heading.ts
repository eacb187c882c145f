/** The few lines that represent a message in a list, and above it in a reader. */
import type { FetchMessageObject, MessageAddressObject } from 'imapflow'
import { overridesIn } from '../printable.ts'
import { flagsOf, type Flags } from './reading.ts'

export interface Person {
  readonly name: string | null
  readonly address: string | null
}

export interface Heading extends Flags {
  readonly answered: boolean
  readonly from: Person | null
  readonly subject: string | null
  /** The date in the message's own header, in ISO 8601; null if that is no date. */
  readonly date: string | null
  /** INTERNALDATE, in ISO 8601. */
  readonly arrived: string | null
  /** The size in octets. */
  readonly size: number
}

export function headingOf({ envelope = {}, internalDate, size = 0, flags = new Set() }: FetchMessageObject): Heading {
  return {
    ...flagsOf(flags),
    from: peopleOf(envelope.from)[0] ?? null,
    subject: plainText(envelope.subject),
    date: isoOf(envelope.date),
    arrived: isoOf(internalDate),
    size,
  }
}

export function peopleOf(people: readonly MessageAddressObject[] = []): Person[] {
  return people.map(({ name, address }) => ({ name: plainText(name), address: plainText(address) }))
}

/** Removes control characters, which nobody types. */
export function plainText(text: string | undefined): string | null {
  return (
    (text ?? '')
      .replace(overridesIn, '')
      .replace(/\p{Cc}+/gu, ' ')
      .trim() || null
  )
}

function isoOf(date: Date | string | undefined): string | null {
  const ms = date === undefined ? Number.NaN : new Date(date).getTime()
  return Number.isNaN(ms) ? null : new Date(ms).toISOString()
}
