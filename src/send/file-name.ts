/** The name under which an attachment goes out: that of a file, whatever it was given as. What people name their files stays as it is. */
import { overridesIn } from '../printable.ts'

/** What is no name of a file in any folder. */
const unnamed = 'attachment'

/**
 * Without the folders of whoever attached it, which are nobody's concern and lead out of those of whoever saves it; in one line; and with its
 * letters in their order.
 */
export function fileName(given: string): string {
  const name = (given.split(/[\\/]/).findLast((part) => part.trim() !== '') ?? '')
    .replace(overridesIn, '')
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
  return /^\.*$/.test(name) ? unnamed : name
}
