/** Finds what a misspelt setting was meant to be. */
import { fromFiles, variables } from './config.ts'
import { distance } from './distance.ts'

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
