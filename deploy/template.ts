/** Fills in the configuration files that have {{NAMES}} in them. */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isThere } from '../src/disk/is-there.ts'

/** The folder of the checkout, whether this file runs from deploy/ or from dist/deploy/. */
export const root = rootAbove(dirname(fileURLToPath(import.meta.url)))

function rootAbove(folder: string): string {
  if (isThere(join(folder, 'package.json'))) return folder
  if (dirname(folder) === folder) throw new Error('package.json is missing: this is no checkout of Tributary')
  return rootAbove(dirname(folder))
}

/**
 * Leaves out what is for another version. `{{2.3}}` at the beginning of a line marks that line, or, if it stands alone, all lines up to the next
 * mark that stands alone; `{{}}` ends them.
 */
export function linesFor(version: string, template: string): string {
  let block = ''
  const lines: string[] = []
  for (const line of template.split('\n')) {
    const [, indent = '', mark, rest = ''] = /^( *)\{\{(|\d[\d.]*)\}\} ?(.*)$/.exec(line) ?? []
    if (mark === undefined) {
      if (block === '' || block === version) lines.push(line)
    } else if (rest === '') block = mark
    else if (mark === version) lines.push(`${indent}${rest}`)
  }
  return lines.join('\n')
}

/** @throws if a name has no value: a server must not start on a file that is half filled. */
export function filled(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{\{([A-Z0-9_]+)\}\}/g, (whole, name: string) => {
    if (name === 'NAMES') return whole
    const value = values[name]
    if (value === undefined) throw new Error(`no value for {{${name}}}`)
    if (/[\r\n]/.test(String(value))) throw new Error(`the value for ${name} holds a line end`)
    return String(value)
  })
}
