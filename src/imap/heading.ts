/** What a list shows of a message, and a reader above it. */
import type { FetchMessageObject, MessageAddressObject } from 'imapflow'
import { flagsOf, type Flags } from './reading.ts'

export interface Person {
  readonly name: string | null
  readonly address: string | null
}

export interface Heading extends Flags {
  readonly answered: boolean
  readonly from: Person | null
  readonly subject: string | null
  /** ISO 8601: what the message says, if that is a date. */
  readonly date: string | null
  /** ISO 8601: INTERNALDATE. */
  readonly arrived: string | null
  /** In octets. */
  readonly size: number
}

export function headingOf({ envelope = {}, internalDate, size = 0, flags = new Set() }: FetchMessageObject): Heading {
  return {
    ...flagsOf(flags),
    from: peopleOf(envelope.from)[0] ?? null,
    subject: wordsOf(envelope.subject),
    date: isoOf(envelope.date),
    arrived: isoOf(internalDate),
    size,
  }
}

export function peopleOf(people: readonly MessageAddressObject[] = []): Person[] {
  return people.map(({ name, address }) => ({ name: wordsOf(name), address: wordsOf(address) }))
}

/** Control characters are nothing that people wrote. */
function wordsOf(text: string | undefined): string | null {
  return (text ?? '').replace(/\p{Cc}+/gu, ' ').trim() || null
}

function isoOf(date: Date | string | undefined): string | null {
  const ms = date === undefined ? Number.NaN : new Date(date).getTime()
  return Number.isNaN(ms) ? null : new Date(ms).toISOString()
}
