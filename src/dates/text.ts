/** Makes text of the octets of a field: encoded-words (RFC 2047) are decoded, and so are raw octets in the charsets that old programs used. */
import { withoutLabels } from './labels.ts'

/** In this order: the first in which a date can be read is taken. UTF-8 is wrong for nearly all texts that are not. */
const charsets = [
  'windows-1252',
  'iso-8859-2',
  'windows-1250',
  'koi8-r',
  'windows-1251',
  'iso-8859-9',
  'iso-8859-7',
  'gb18030',
  'big5',
  'euc-kr',
  'shift_jis',
  'iso-8859-5',
  'iso-8859-13',
  'windows-1255',
  'windows-1256',
]

/** The bounds keep the time linear: a text may be nothing but the beginning of an encoded-word. */
const encodedWord = /=\?([\w.:-]{1,40})(?:\*[\w-]{0,20})?\?([bq])\?([^?\s]{0,200})\?=(?:\s{0,80}(?==\?))?/gi

/**
 * The texts that the octets may mean, the likeliest one first.
 *
 * @param octets one character for each octet.
 */
export function* textsOf(octets: string): Generator<string> {
  if (/^[\0-\x7f]*$/.test(octets)) {
    yield plain(octets)
    return
  }
  const bytes = Buffer.from(octets, 'latin1')
  const utf8 = decoded(bytes, 'utf-8')
  if (utf8 !== undefined) yield plain(utf8)
  for (const charset of charsets) {
    const text = decoded(bytes, charset)
    if (text !== undefined) yield plain(text)
  }
}

function plain(text: string): string {
  const decodedWords = text.includes('=?') ? text.replace(encodedWord, wordOf) : text
  // Full-width and other digits are digits.
  const whole = /^[\0-\x7f]*$/.test(decodedWords)
    ? decodedWords
    : decodedWords.normalize('NFKC').replace(otherDigits, asDigit)
  return withoutLabels(whole)
}

/** The zeros of Arabic, Persian, Hindi, Bengali and Thai: nine more digits stand behind each. */
const zeros = [0x660, 0x6f0, 0x966, 0x9e6, 0xe50]
const otherDigits = /[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u09e6-\u09ef\u0e50-\u0e59]/g

function asDigit(digit: string): string {
  const code = digit.charCodeAt(0)
  return String(code - (zeros.findLast((zero) => zero <= code) ?? code))
}

function wordOf(all: string, charset: string, encoding: string, content: string): string {
  const bytes =
    encoding.toLowerCase() === 'b'
      ? Buffer.from(content, 'base64')
      : Buffer.from(
          content
            .replaceAll('_', ' ')
            .replace(/=([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
          'latin1',
        )
  return decoded(bytes, charset) ?? all
}

/** Undefined if the octets are none of this charset, or nobody knows it. */
function decoded(bytes: Buffer, charset: string): string | undefined {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
