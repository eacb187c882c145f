/** Reads the state files of getmail, fetchmail and mpop: the UIDLs of the messages that those programs have fetched. */
import { isSameHost } from '../account/host.ts'
import { assertNever } from '../assert-never.ts'
import { mailLimits } from '../mail/limits.ts'
import type { Uidl } from '../mail/message.ts'
import { limits } from '../limits.ts'
import { breathe } from '../slices.ts'
import { KiB } from '../units.ts'

export const foreignStateFormats = ['getmail', 'fetchmail', 'mpop'] as const
export type ForeignStateFormat = (typeof foreignStateFormats)[number]

/** The name of an account in such a file. A file of fetchmail or mpop holds the UIDLs of several accounts. */
export interface StateOwner {
  readonly host: string
  readonly user: string
}

/** Where the UIDLs of a file go: a file may hold a million. */
export interface UidlCollection {
  readonly size: number
  add(uidl: Uidl): unknown
}

export interface ForeignState<Uidls> {
  readonly uidls: Uidls
  /** Other accounts whose UIDLs the file holds. */
  readonly others: readonly StateOwner[]
}

export class StateFileUnreadable extends Error {
  override readonly name = 'StateFileUnreadable'
  /** The number of the line, counted from 1. */
  readonly line: number

  constructor(line: number, problem: string) {
    super(problem)
    this.line = line
  }
}

/**
 * Reads a file as it comes, line by line.
 *
 * @param own takes the UIDLs of this account.
 * @throws StateFileUnreadable
 */
export async function readForeignState<Uidls extends UidlCollection>(
  format: ForeignStateFormat,
  file: AsyncIterable<Buffer> | Iterable<Buffer>,
  wanted: StateOwner,
  own: Uidls,
): Promise<ForeignState<Uidls>> {
  const others = new Map<string, StateOwner>()
  const readLine = lineReaderOf(format)
  let number = 0
  for await (const lines of linesOf(file)) {
    for (const text of lines) {
      number += 1
      if (number % limits.sliceValues === 0) await breathe()
      if (text.length > lineOctetsMax) throw new StateFileUnreadable(number, 'longer than any line of such a file')
      const entry = readLine(text.replace(/\r$/, ''), number)
      if (entry === undefined) continue
      const { owner, uidl } = entry
      if (uidl === '' || uidl.length > mailLimits.uidlOctetsMax || /[\x00-\x1f\x7f]/.test(uidl))
        throw new StateFileUnreadable(number, 'no UIDL')
      if (owner === undefined || isSame(owner, wanted)) own.add(uidl as Uidl)
      else if (others.size < othersMax) others.set(`${owner.host}\0${owner.user}`, owner)
      if (own.size > mailLimits.listingLinesMax)
        throw new StateFileUnreadable(number, `more than ${mailLimits.listingLinesMax} UIDLs`)
    }
  }
  readLine.end?.(number)
  return { uidls: own, others: [...others.values()] }
}

/** A host, a user and a UIDL. */
const lineOctetsMax = 4096
/** So many other accounts are told at the most. */
const othersMax = 1000

/** The lines that have come together, without LF, one char a byte, as for all UIDLs. A line that is too long is given as far as it has come. */
async function* linesOf(file: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<readonly string[]> {
  let rest = ''
  for await (const chunk of file) {
    for (let from = 0; from < chunk.length; from += pieceOctets) {
      const lines = (rest + chunk.toString('latin1', from, from + pieceOctets)).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > lineOctetsMax) lines.push(rest)
      yield lines
    }
  }
  yield [rest]
}

const pieceOctets = 64 * KiB

function isSame(a: StateOwner, b: StateOwner): boolean {
  return isSameHost(a.host, b.host) && a.user === b.user
}

interface Entry {
  /** Undefined if the file does not say. */
  readonly owner: StateOwner | undefined
  readonly uidl: string
}

/** Reads one line after the other; the answer is undefined if a line names no message. */
interface LineReader {
  (line: string, number: number): Entry | undefined
  /** Is called after the last line; throws if more lines should have followed. */
  end?(number: number): void
}

function lineReaderOf(format: ForeignStateFormat): LineReader {
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

/** `oldmail-HOST-PORT-USER` of getmail 4 to 6: a UIDL, NUL, and seconds since 1970. Only the file's name identifies the account. */
const oldmail: LineReader = (line, number) => {
  if (line === '') return undefined
  const [, uidl] = /^([^\0]+)\0\d+$/.exec(line) ?? []
  if (uidl === undefined) throw new StateFileUnreadable(number, 'not a UIDL, a NUL and a time, as getmail writes them')
  return { owner: undefined, uidl }
}

/** `.fetchids` of fetchmail: USER@HOST UIDL. A user may hold @ and spaces: the host stands after the last @ before the UIDL. */
const fetchids: LineReader = (line, number) => {
  if (line === '') return undefined
  const end = line.indexOf(' ', line.indexOf('@'))
  const at = line.lastIndexOf('@', end)
  const [user, host, uidl] = [line.slice(0, at), line.slice(at + 1, end), line.slice(end).trim()]
  if (at < 1 || end === -1 || host === '')
    throw new StateFileUnreadable(number, 'not USER@HOST and a UIDL, as fetchmail writes them')
  return { owner: { user, host }, uidl }
}

/** The file of mpop: ` COUNT HOST USER`, and then COUNT lines of one UIDL each. */
function mpopUidls(): LineReader {
  let owner: StateOwner | undefined
  let linesLeft = 0
  const reader: LineReader = (line, number) => {
    if (linesLeft > 0) {
      if (line === '' || line.startsWith(' '))
        throw new StateFileUnreadable(number, `no UIDL, where ${linesLeft} more of ${owner?.user} were to come`)
      linesLeft -= 1
      return { owner, uidl: line }
    }
    if (line === '' || line.startsWith('#')) return undefined
    const [, count, host, user] = /^ (\d{1,9}) (\S+) (.+)$/.exec(line) ?? []
    if (count === undefined || host === undefined || user === undefined)
      throw new StateFileUnreadable(number, 'not a number, a host and a user behind a space, as mpop writes them')
    owner = { host, user }
    linesLeft = Number(count)
    return undefined
  }
  reader.end = (number) => {
    if (linesLeft > 0) throw new StateFileUnreadable(number, `the file ends where ${linesLeft} more UIDLs were to come`)
  }
  return reader
}
