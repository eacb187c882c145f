/** Makes a server's words fit to be shown and logged, in whatever language and encoding they came. */
import { gistsIn } from './gists.ts'
import { printable, singleLine } from '../printable.ts'
import { readingsOf, skeletonOf } from './skeleton.ts'

/**
 * Words that are UTF-8, or that make sense in another encoding, are shown in their letters; any other octet beyond ASCII is a question mark.
 *
 * @param text one char an octet.
 */
export function legible(text: string, max = 200): string {
  const readings = readingsOf(text.slice(0, max * 4))
  const reading =
    readings.length === 1 ? readings[0] : readings.find((words) => gistsIn([skeletonOf(words)]).length > 0)
  if (reading === undefined) return printable(text, max)
  // Marks that turn the direction of a line, and private letters, are no words.
  return singleLine(reading.replace(/[\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}\ufffd]+/gu, '?'), max)
}
