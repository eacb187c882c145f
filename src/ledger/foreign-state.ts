/** What getmail, fetchmail and mpop remember of a maildrop, read from the files they leave behind: the UIDLs they have fetched. */
import { assertNever } from '../assert-never.ts'
import { mailLimits } from '../mail/limits.ts'
import type { Uidl } from '../mail/message.ts'
import { slices } from '../slices.ts'

export const foreignStateFormats = ['getmail', 'fetchmail', 'mpop'] as const
export type ForeignStateFormat = (typeof foreignStateFormats)[number]

/** Whose UIDLs are wanted: a file of fetchmail or mpop holds those of several. */
export interface StateOwner {
  readonly host: string
  readonly user: string
}

export interface ForeignState {
  readonly uidls: ReadonlySet<Uidl>
  /** Whose other UIDLs the file holds. */
  readonly others: readonly StateOwner[]
}

export class StateFileUnreadable extends Error {
  override readonly name = 'StateFileUnreadable'
  /** Counted from 1. */
  readonly line: number

  constructor(line: number, problem: string) {
    super(problem)
    this.line = line
  }
}

/** @throws StateFileUnreadable */
export async function readForeignState(
  format: ForeignStateFormat,
  file: Buffer,
  wanted: StateOwner,
): Promise<ForeignState> {
  const own = new Set<Uidl>()
  const others = new Map<string, StateOwner>()
  const read = readerOf(format)
  let number = 0
  // One char a byte, as everywhere with UIDLs.
  for await (const slice of slices(file.toString('latin1').split('\n'))) {
    for (const text of slice) {
      number += 1
      const told = read(text.replace(/\r$/, ''), number)
      if (told === undefined) continue
      const { from, uidl } = told
      if (uidl === '' || uidl.length > mailLimits.uidlOctetsMax || /[\x00-\x1f\x7f]/.test(uidl))
        throw new StateFileUnreadable(number, 'no UIDL')
      if (from !== undefined && !isSame(from, wanted)) others.set(`${from.host}\0${from.user}`, from)
      else own.add(uidl as Uidl)
      if (own.size > mailLimits.listingLinesMax)
        throw new StateFileUnreadable(number, `more than ${mailLimits.listingLinesMax} UIDLs`)
    }
  }
  read.end?.(number)
  return { uidls: own, others: [...others.values()] }
}

function isSame(one: StateOwner, other: StateOwner): boolean {
  return one.host.toLowerCase() === other.host.toLowerCase() && one.user === other.user
}

/** One line after the other; undefined where it tells nothing. */
interface Reader {
  (line: string, number: number): { readonly from: StateOwner | undefined; readonly uidl: string } | undefined
  end?(number: number): void
}

function readerOf(format: ForeignStateFormat): Reader {
  switch (format) {
    case 'getmail':
      return oldmail
    case 'fetchmail':
      return fetchids
    case 'mpop':
      return mpopUidls()
    default:
      return assertNever(format)
  }
}

/** `oldmail-HOST-PORT-USER` of getmail 4 to 6: UIDL, NUL, seconds since 1970. Whose it is, only its name tells. */
const oldmail: Reader = (line, number) => {
  if (line === '') return undefined
  const [, uidl] = /^([^\0]+)\0\d+$/.exec(line) ?? []
  if (uidl === undefined) throw new StateFileUnreadable(number, 'not a UIDL, a NUL and a time, as getmail writes them')
  return { from: undefined, uidl }
}

/** `.fetchids`: USER@HOST UIDL. A user may hold @ and spaces: the host stands behind the last @ before the UIDL. */
const fetchids: Reader = (line, number) => {
  if (line === '') return undefined
  const end = line.indexOf(' ', line.indexOf('@'))
  const at = line.lastIndexOf('@', end)
  const [user, host, uidl] = [line.slice(0, at), line.slice(at + 1, end), line.slice(end).trim()]
  if (at < 1 || end === -1 || host === '')
    throw new StateFileUnreadable(number, 'not USER@HOST and a UIDL, as fetchmail writes them')
  return { from: { user, host }, uidl }
}

/** ` COUNT HOST USER`, and then as many lines, one UIDL each. */
function mpopUidls(): Reader {
  let from: StateOwner | undefined
  let left = 0
  const reader: Reader = (line, number) => {
    if (left > 0) {
      if (line === '' || line.startsWith(' '))
        throw new StateFileUnreadable(number, `no UIDL, where ${left} more of ${from?.user} were to come`)
      left -= 1
      return { from, uidl: line }
    }
    if (line === '' || line.startsWith('#')) return undefined
    const [, count, host, user] = /^ (\d{1,9}) (\S+) (.+)$/.exec(line) ?? []
    if (count === undefined || host === undefined || user === undefined)
      throw new StateFileUnreadable(number, 'not a number, a host and a user behind a space, as mpop writes them')
    from = { host, user }
    left = Number(count)
    return undefined
  }
  reader.end = (number) => {
    if (left > 0) throw new StateFileUnreadable(number, `the file ends where ${left} more UIDLs were to come`)
  }
  return reader
}
