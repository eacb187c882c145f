/** Makes text of the octets of a field: encoded-words (RFC 2047) are decoded, and so are raw octets in the charsets that old programs used. */

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
  const whole = /^[\0-\xff]*$/.test(decodedWords)
    ? decodedWords
    : decodedWords.normalize('NFKC').replace(otherDigits, asDigit)
  return /[年月년월時时時시]/.test(whole) ? withoutLabels(whole) : whole
}

/** Of Arabic and of Persian: ten in a row, the zero first. */
const otherDigits = /[\u0660-\u0669\u06f0-\u06f9]/g

function asDigit(digit: string): string {
  return String(digit.charCodeAt(0) & 0xf)
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

const halves = /上午|午前|오전|下午|午後|오후/g

/** Chinese, Japanese and Korean name year, month and day behind their numbers, and write the half of the day before the hour. */
function withoutLabels(text: string): string {
  return text
    .replace(/(\d{2,4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일号]?/g, ' $1-$2-$3 ')
    .replace(/(\d{1,2})\s?[月월]/g, (_, month: string) => ` ${englishMonths[Number(month) - 1] ?? ''} `)
    .replace(/(\d{1,2})\s?[時时시点]\s?(\d{1,2})\s?[分분](?:\s?(\d{1,2})\s?[秒초])?/g, ' $1:$2:$3 ')
    .replace(halves, (half) => (/上午|午前|오전/.test(half) ? ' am ' : ' pm '))
}

const englishMonths = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
