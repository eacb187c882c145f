/** Reads a line as fail2ban does with the filter that is shipped. */
import { readFileSync } from 'node:fs'

const filter = readFileSync('deploy/fail2ban/filter.d/tributary.conf', 'utf8')
const [, failregex = ''] = /^failregex = (.*)$/m.exec(filter) ?? []
const pattern = new RegExp(failregex.replace('<HOST>', '(?<host>[0-9A-Fa-f.:]+)'))

/** Gives the address to which the line is charged; undefined: to none. */
export function banned(line: string): string | undefined {
  return pattern.exec(line)?.groups?.['host']
}
