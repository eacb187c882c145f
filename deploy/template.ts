/** Configuration files with {{NAMES}} in them, and where they lie. */
import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout: the same whether this runs as deploy/ or as dist/deploy/. */
export const root = rootAbove(dirname(fileURLToPath(import.meta.url)))

function rootAbove(folder: string): string {
  // Not existsSync: access(2) leaves out the capability by which the user of the servers passes a closed folder.
  if (statSync(join(folder, 'package.json'), { throwIfNoEntry: false }) !== undefined) return folder
  if (dirname(folder) === folder) throw new Error('package.json is missing: this is no checkout of Tributary')
  return rootAbove(dirname(folder))
}

/** Throws on a name that was not given: a server must not start on a half-filled file. */
export function filled(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{\{([A-Z0-9_]+)\}\}/g, (whole, name: string) => {
    if (name === 'NAMES') return whole
    const value = values[name]
    if (value === undefined) throw new Error(`no value for {{${name}}}`)
    if (/[\r\n]/.test(String(value))) throw new Error(`the value for ${name} holds a line end`)
    return String(value)
  })
}
