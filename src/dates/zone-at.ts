/** Finds the zone that stands at a place of a text by name: its letters ("CEST", "MET DST"), its words, or its name in the tz database. */
import { hour } from '../units.ts'
import { dateLimits } from './limits.ts'
import type { DatePiece } from './pieces.ts'
import { type Zone, zoneOfName, zoneOfWord, zoneOfWords } from './zones.ts'

export interface NamedZone {
  readonly zone: Zone
  /** Its letters, if it has such a name. */
  readonly word: string
  /** The number of its pieces. */
  readonly length: number
}

export function zoneAt(pieces: readonly DatePiece[], at: number): NamedZone | undefined {
  return tzName(pieces, at) ?? inWords(pieces, at) ?? inLetters(pieces, at)
}

function inLetters(pieces: readonly DatePiece[], at: number): NamedZone | undefined {
  const word = pieces[at]?.text ?? ''
  const zone = zoneOfWord(word)
  if (zone === undefined) return undefined
  if (pieces[at + 1]?.text !== 'dst') return { zone, word, length: 1 }
  return { zone: (localMs) => zone(localMs) + hour, word, length: 2 }
}

function inWords(pieces: readonly DatePiece[], at: number): NamedZone | undefined {
  const words: string[] = []
  for (const [nth, piece] of pieces.slice(at, at + 2 * dateLimits.zoneWordsMax).entries()) {
    if (piece.kind === 'sign' && piece.text === '.') continue
    if (piece.kind !== 'word') return undefined
    words.push(piece.text)
    const zone = words.length > 1 ? zoneOfWords(words) : undefined
    if (zone !== undefined) return { zone, word: '', length: nth + 1 }
  }
  return undefined
}

/** "Europe/Berlin", "America/New_York", "EST5EDT". "Etc/GMT+5" is west of Greenwich, as the database has it. */
function tzName(pieces: readonly DatePiece[], at: number): NamedZone | undefined {
  const [second, third] = [pieces[at + 1], pieces[at + 2]]
  const isPath = second?.text === '/' && third?.kind === 'word'
  const isRule = second?.kind === 'number' && !second.isApart && third?.kind === 'word' && !third.isApart
  if (!isPath && !isRule) return undefined
  let name = ''
  let length = 0
  for (const piece of pieces.slice(at)) {
    if (length > 0 && piece.isApart) break
    const mayFollow = name.startsWith('etc/gmt') ? /^(?:[+-]|\d+)$/ : /^[/_]$/
    if (piece.kind !== 'word' && !mayFollow.test(piece.text) && !(isRule && length === 1)) break
    name += piece.text
    length += 1
  }
  const zone = zoneOfName(name)
  return zone === undefined ? undefined : { zone, word: '', length }
}
