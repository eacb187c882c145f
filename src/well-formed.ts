/** JSON whose texts consist of whole characters: half of a surrogate pair has no octets in UTF-8, and Redis' scripts cannot read it (RFC 8259 section 8.2). */

/** Escapes: of another kind, of both halves of a pair in their order, or of one half by itself. */
const escapes = /\\(?:[^u]|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u([dD][89a-fA-F][0-9a-fA-F]{2}))/g

/** JSON.stringify, with U+FFFD for each half: a text may have been cut within a character. */
export function wellFormedJson(value: unknown): string {
  return JSON.stringify(value).replace(escapes, (escape, half?: string) => (half === undefined ? escape : '\\ufffd'))
}
