/** Finds the time at which a message arrived at the provider, according to its header (CONTRACT section 7). */
import { endOfComment } from '../dates/pieces.ts'
import { readDate, readDateAtEnd } from '../dates/read.ts'
import { readUsualDate } from '../dates/usual.ts'
import { type HeaderField, mboxLine } from './header.ts'
import { mailLimits } from './limits.ts'

/** The fields that are asked, in this order; of several with one name, the topmost that can be read. */
export const arrivalFields = ['received', 'date', 'delivery-date', 'x-original-date', 'resent-date', mboxLine] as const

export interface FieldDate {
  readonly date: Date
  readonly field: (typeof arrivalFields)[number]
}

/** The first date of `arrivalFields` that can be read and believed: from 1990 to two hours from now. */
export function fieldDateOf(fields: readonly HeaderField[], nowMs: number): FieldDate | undefined {
  for (const name of arrivalFields) {
    const named = fields.filter((field) => field.name === name)
    for (const { value } of named.slice(0, mailLimits.datedFieldsMax)) {
      const ms = name === 'received' ? dateOfReceived(value) : readDate(value)
      if (ms !== undefined && ms >= mailLimits.arrivalEarliestMs && ms <= nowMs + mailLimits.arrivalAheadMs)
        return { date: new Date(ms), field: name }
    }
  }
  return undefined
}

/** Undefined if the header does not tell. */
export function arrivalOf(fields: readonly HeaderField[], nowMs: number): Date | undefined {
  return fieldDateOf(fields, nowMs)?.date
}

/**
 * The date stands behind the last semicolon (RFC 5321 section 4.4), but for comments, which hold semicolons too. Some servers write another
 * semicolon behind the date, and some none before it.
 */
function dateOfReceived(value: string): number | undefined {
  const semicolon = value.lastIndexOf(';')
  // Each parenthesis in a date of this form is closed, so that the semicolon before it stands in no comment that is closed.
  const usual = semicolon === -1 ? undefined : readUsualDate(value.slice(semicolon + 1))
  if (usual !== undefined) return usual
  const parts = partsOf(value)
  for (const part of parts.slice(1).slice(-mailLimits.receivedPartsMax).toReversed()) {
    const ms = readDate(part)
    if (ms !== undefined) return ms
  }
  return readDateAtEnd(value)
}

/** The parts of a value between semicolons outside of comments. If a comment is not closed, nobody knows where it ends. */
function partsOf(value: string): string[] {
  const parts: string[] = []
  const marks = /[;(]/g
  let from = 0
  for (let mark = marks.exec(value); mark !== null; mark = marks.exec(value)) {
    if (mark[0] === ';') {
      parts.push(value.slice(from, mark.index))
      from = mark.index + 1
      continue
    }
    const end = endOfComment(value, mark.index)
    if (end === undefined) return value.split(';')
    marks.lastIndex = end
  }
  parts.push(value.slice(from))
  return parts
}
