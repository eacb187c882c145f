/** Makes letters with marks and those without them equal, for searching: "don hang" is found in "Đơn hàng". */

/** Letters whose marks are part of them (Unicode has no decomposition), as people write them without. */
const alike: Readonly<Record<string, string>> = {
  đ: 'd',
  ð: 'd',
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  ı: 'i',
  þ: 'th',
  ħ: 'h',
  ŧ: 't',
  ŋ: 'n',
  ſ: 's',
}

export function fold(text: string): string {
  return foldedWithPlaces(text).folded
}

interface Folded {
  readonly folded: string
  /** For each character of it, the place in the text from which it came. */
  readonly places: readonly number[]
}

/** White space of any length and kind is one space. */
export function foldedWithPlaces(text: string): Folded {
  let folded = ''
  const places: number[] = []
  let at = 0
  for (const letter of text) {
    for (const one of letter.normalize('NFKD').toLowerCase()) {
      const isMark = /\p{M}/u.test(one)
      const isSpace = /\s/.test(one)
      if (isMark || (isSpace && folded.endsWith(' '))) continue
      const plain = isSpace ? ' ' : (alike[one] ?? one)
      folded += plain
      for (let nth = 0; nth < plain.length; nth += 1) places.push(at)
    }
    at += letter.length
  }
  return { folded, places }
}

/** The words of a search, folded. */
export function foldedWords(search: string): string[] {
  return fold(search)
    .split(' ')
    .filter((word) => word !== '')
}

/** How the text spells what was searched for, if it has it. @param folded the search. */
export function spellingIn(text: string, folded: string): string | undefined {
  const { folded: within, places } = foldedWithPlaces(text)
  const from = within.indexOf(folded)
  if (from === -1 || folded === '') return undefined
  const [begin, end] = [places[from] ?? 0, places[from + folded.length] ?? text.length]
  return text.slice(begin, end).normalize('NFC').toLowerCase().replace(/\s+/g, ' ').trim()
}
