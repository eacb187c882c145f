/** Writes rows for people: aligned by the width that a terminal shows, and without characters that a terminal would obey. */

export interface Column<T> {
  readonly title: string
  readonly of: (row: T) => string | number
  /** Aligns the column to the right, as is usual for numbers. */
  readonly right?: boolean
  readonly paint?: (text: string, row: T) => string
}

/** @param width is the width of the terminal, to which the last column is cut. Undefined: nothing is cut. */
export function tableOf<T>(columns: readonly Column<T>[], rows: readonly T[], width?: number): string[] {
  const cells = rows.map((row) => columns.map(({ of }) => plain(String(of(row)))))
  const widths = columns.map(({ title }, nth) =>
    Math.max(widthOf(title), ...cells.map((row) => widthOf(row[nth] ?? ''))),
  )
  const before = widths.slice(0, -1).reduce((sum, one) => sum + one + 2, 0)
  const room = width === undefined ? Infinity : Math.max(8, width - before)
  const line = (texts: readonly string[], row?: T) =>
    columns
      .map(({ right = false, paint }, nth) => {
        const last = nth === columns.length - 1
        const text = last ? cut(texts[nth] ?? '', room) : (texts[nth] ?? '')
        const space = ' '.repeat(Math.max(0, (widths[nth] ?? 0) - widthOf(text)))
        const shown = row === undefined || paint === undefined ? text : paint(text, row)
        return right ? space + shown : last ? shown : shown + space
      })
      .join('  ')
      .trimEnd()
  return [line(columns.map(({ title }) => title.toUpperCase())), ...cells.map((row, nth) => line(row, rows[nth]))]
}

/** Writes one thing as a list of names and values. */
export function fieldsOf(fields: readonly (readonly [string, string | number | null | undefined])[]): string[] {
  const shown = fields.filter(([, value]) => value !== undefined && value !== null && value !== '')
  const width = Math.max(...shown.map(([name]) => name.length))
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${plain(String(value))}`)
}

/** Replaces control characters by visible signs, because a subject must not move the cursor, and an override of the writing direction would reverse a line. */
export function plain(text: string): string {
  return text
    .replace(/[\x00-\x1f]/g, (character) => String.fromCodePoint(0x2400 + (character.codePointAt(0) ?? 0)))
    .replace(/[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
}

const letters = new Intl.Segmenter()
const wide =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}])/u

/** Gives the width of a text in columns of a terminal (Unicode TR 11: wide and full-width characters take two). */
export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const { segment } of letters.segment(text)) width += wide.test(segment) ? 2 : 1
  return width
}

export function cut(text: string, room: number): string {
  if (widthOf(text) <= room) return text
  let kept = ''
  let width = 0
  for (const { segment } of letters.segment(text)) {
    width += widthOf(segment)
    if (width > room - 1) break
    kept += segment
  }
  return `${kept}…`
}
