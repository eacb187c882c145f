/** How much two words differ. */

/** The Levenshtein distance: the number of letters that must be changed, added or removed. */
export function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_zero, at) => at)
  for (const [above, letter] of from.split('').entries()) {
    const next = [above + 1]
    for (const [at, wanted] of to.split('').entries())
      next.push(Math.min((next[at] ?? 0) + 1, (row[at + 1] ?? 0) + 1, (row[at] ?? 0) + (letter === wanted ? 0 : 1)))
    row = next
  }
  return row.at(-1) ?? 0
}
