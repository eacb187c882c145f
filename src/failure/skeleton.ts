/**
 * The bare words of a refusal: no case, no accents, no punctuation, no numbers, and nothing that names a user, a file or a page. Two
 * refusals with equal skeletons are the same sentence of the same server. Pure.
 */
import { failureLimits } from './limits.ts'

/** The encodings in which servers write words beyond ASCII, if they are not UTF-8. */
const encodings = [
  'gbk',
  'big5',
  'shift_jis',
  'euc-jp',
  'euc-kr',
  'windows-1251',
  'koi8-r',
  'windows-1252',
  'iso-8859-2',
  'windows-1250',
]

/**
 * Gives the skeletons that a refusal may have: one for each encoding in which its octets make sense. The right one is among them, and the
 * wrong ones are words of no language.
 *
 * @param reply one char an octet, or in Unicode; with `-ERR`, `NO` or `BAD` in front, or without.
 */
export function skeletonsOf(reply: string): readonly string[] {
  const readings = readingsOf(reply.slice(0, failureLimits.wordsMax))
  // "NO" may be the status of an IMAP answer, or the first word of "No such message".
  return [...new Set(readings.flatMap((text) => [skeletonOf(text), skeletonOf(text.replace(status, ''))]))]
}

const status = /^(?:\* )?(?:NO|BAD|BYE)\b\s*/

/** Everything in front of a server's words: the status, and the codes in brackets. */
const front = /^(?:[-+ ]?ERR\b)?[\s:-]*(?:\[[^\]]{0,100}\]\s*)*/i

/** The response code of a refusal, in upper case; empty if it has none. We write the code of an IMAP answer behind its words. */
export function codeIn(reply: string): string {
  const text = reply.slice(0, failureLimits.wordsMax)
  const [ahead] = front.exec(text.replace(status, '')) ?? ['']
  const found = /\[([A-Z]+(?:[-/][A-Z]+)*)/i.exec(ahead) ?? /\[([A-Z]+(?:[-/][A-Z]+)*)\]$/i.exec(text)
  return found?.[1]?.toUpperCase() ?? ''
}

/** How long Dovecot took for the answer, which it writes behind its words. */
const timings = /\((?:\d{1,9}\.\d{1,9} \+ ){1,4}\d{1,9}\.\d{1,9} secs\)\.?/g

/** The readings that the octets of a refusal may have. Text that is not made of octets is read as it is. */
export function readingsOf(reply: string): readonly string[] {
  const text = reply.replace(timings, ' ')
  if (!/[\x80-\xff]/.test(text) || /[^\x00-\xff]/.test(text)) return [text]
  const octets = Buffer.from(text, 'latin1')
  const utf8 = readAs('utf-8', octets)
  // The end of the words may be cut in the middle of a character.
  if (utf8 !== undefined) return [utf8]
  return encodings.flatMap((encoding) => readAs(encoding, octets) ?? [])
}

function readAs(encoding: string, octets: Buffer): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: encoding === 'utf-8' }).decode(octets)
  } catch {
    return undefined
  }
}

/** @param text in Unicode. */
export function skeletonOf(text: string): string {
  const bare = text
    .replace(front, '')
    .replace(/\bhttps?:\/\/\S*/gi, ' ')
    .replace(/\S{0,80}@\S{0,80}/g, ' ')
    .replace(/<[^<>]{0,80}>/g, ' ')
    // A quoted name may be any word; a quoted sentence is the server's own.
    .replace(/(["'`])\S{1,80}\1/g, ' ')
  return bare
    .toLowerCase()
    .normalize('NFD')
    .replace(/(?<=\p{Script=Latin})\p{M}+/gu, '')
    .normalize('NFC')
    .replaceAll('ł', 'l')
    .replaceAll('đ', 'd')
    .replaceAll('ё', 'е')
    .replaceAll('ß', 'ss')
    .replaceAll('ø', 'o')
    .replaceAll('ı', 'i')
    .replace(/\d+/g, '#')
    .replace(/[^\p{L}\p{M}#]+/gu, ' ')
    .replace(/#(?: #)+/g, '#')
    .trim()
}
