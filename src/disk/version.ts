/** The version of this program, for people. */
import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The version from the package.json above the code, which exists in a checkout and in an image. */
export function programVersion(folder: string = import.meta.dirname): string {
  const path = join(folder, 'package.json')
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return programVersion(dirname(folder))
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string }).version
}
