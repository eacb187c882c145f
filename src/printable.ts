/** Makes other people's words fit to be shown and logged: without controls, and bounded. */

/** Words that came as octets, one char an octet: printable ASCII, with a question mark for each run of anything else. */
export function printable(text: string, max = 200): string {
  return text.replace(/[^\x20-\x7e]+/g, '?').slice(0, max)
}

/** Marks that turn the order of letters round: with U+202E "fdp.exe" is read as "exe.pdf" (Unicode Standard Annex 9). */
export const overridesIn = /[\u202a-\u202e\u2066-\u2069]/g

/** @param text may begin with line ends. */
export function firstLine(text: string): string {
  return text.trimStart().split(/[\r\n]/, 1)[0] ?? ''
}

/** Words in any script as one line: each run of control characters becomes a space. No character is cut in two. */
export function singleLine(text: string, max = 500): string {
  return text
    .replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ')
    .trim()
    .slice(0, max)
    .replace(/[\ud800-\udbff]$/, '')
}
