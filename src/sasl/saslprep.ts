/** SASLprep (RFC 4013), the form in which SCRAM wants names and passwords (RFC 5802 section 5.1). Pure. */

/** RFC 3454 tables C.1.2 and B.1: spaces, and what has no width. */
const spaces = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu
const nothing = /\u{ad}|\u{34f}|\u{1806}|[\u{180b}-\u{180d}]|\u{200c}|\u{200d}|\u{2060}|[\u{fe00}-\u{fe0f}]|\u{feff}/gu
/** Tables C.2 to C.9: controls, private use, no characters, surrogates, and what belongs into no plain text. */
const prohibited =
  /[\p{Cc}\p{Co}\p{Cs}\u0340\u0341\u06dd\u070f\u180e\u200e\u200f\u2028-\u202e\u2061-\u2063\u206a-\u206f\u2ff0-\u2ffb\ufdd0-\ufdef\ufff9-\uffff\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}]/u
const lastOfPlane = /[\u{1fffe}\u{1ffff}\u{2fffe}\u{2ffff}\u{10fffe}\u{10ffff}]/u
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/u

/** Undefined: it holds what the profile forbids; then servers that do not prepare it compare its octets as they are. */
export function saslprep(text: string): string | undefined {
  if (/^[\x20-\x7e]*$/.test(text)) return text
  const prepared = text.replace(spaces, ' ').replace(nothing, '').normalize('NFKC')
  if (prohibited.test(prepared) || lastOfPlane.test(prepared)) return undefined
  if (!rightToLeft.test(prepared)) return prepared
  // RFC 3454 section 6: letters from right to left stand at both ends, and no Latin ones between them.
  const ends = [prepared.slice(0, 1), prepared.slice(-1)]
  return ends.every((end) => rightToLeft.test(end)) && !/[A-Za-z\u00c0-\u024f]/.test(prepared) ? prepared : undefined
}
