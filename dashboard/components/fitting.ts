/** How a table is laid out in the room that it has, which is not that of the window: a bar may stand beside it. */

export interface Fitted {
  /** In rem, such as `9rem`. */
  readonly width?: string
  readonly wide?: boolean
  readonly roomy?: boolean
}

/** `narrow`: a row has three lines, as on a phone; `middle`: two, with room for more in the first one; `wide`: a line in each of many columns. */
export type Layout = 'narrow' | 'middle' | 'wide'

const middleRem = 34
const wideRem = 56.25
/** What the column without a width keeps: most addresses are seen whole. */
const leastRem = 18

export function layoutIn(rem: number): Layout {
  return rem < middleRem ? 'narrow' : rem < wideRem ? 'middle' : 'wide'
}

/** The columns that there is room for. Of the roomy ones the first goes first. @param taken by what is no column, in rem. */
export function fitting<Column extends Fitted>(columns: readonly Column[], rem: number, taken: number): Column[] {
  if (layoutIn(rem) !== 'wide') return columns.filter(({ wide }) => wide !== true)
  const shown = [...columns]
  const needed = () => shown.reduce((sum, { width }) => sum + Number.parseFloat(width ?? String(leastRem)), taken)
  while (needed() > rem) {
    const first = shown.findIndex(({ roomy }) => roomy === true)
    if (first === -1) break
    shown.splice(first, 1)
  }
  return shown
}
