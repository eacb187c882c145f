/** Finds what a misspelt setting was meant to be. */
import { fromFiles, variables } from './config.ts'

/** Finds the setting that a wrong name was probably meant to be; undefined if none is similar. */
export function nearestSetting(name: string): string | undefined {
  const names = [...Object.keys(variables.properties), ...fromFiles.map((setting) => `${setting}_FILE`)]
  const longer = names.find((setting) => setting.startsWith(name))
  if (longer !== undefined) return longer
  const distances = names.map((setting) => ({ setting, letters: distance(name, setting) }))
  const nearest = distances.reduce((best, next) => (next.letters < best.letters ? next : best))
  return nearest.letters <= wrongLettersMax ? nearest.setting : undefined
}

const wrongLettersMax = 5

/** The Levenshtein distance: the number of letters that must be changed, added or removed. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_zero, at) => at)
  for (const [above, letter] of from.split('').entries()) {
    const next = [above + 1]
    for (const [at, wanted] of to.split('').entries())
      next.push(Math.min((next[at] ?? 0) + 1, (row[at + 1] ?? 0) + 1, (row[at] ?? 0) + (letter === wanted ? 0 : 1)))
    row = next
  }
  return row.at(-1) ?? 0
}
