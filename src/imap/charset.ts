/** Decodes octets whose charset imapflow has left undecoded: a text part without a known charset, and raw letters in a header. */

export function decoded(octets: Buffer, type: string): string {
  const named = type === 'text/html' ? charsetOfHtml(octets) : undefined
  return charsetLetters(octets, named ?? null)
}

/** @param charset is tried first; then UTF-8, and then what takes everything. */
export function charsetLetters(octets: Buffer, charset: string | null): string {
  return (
    (charset && decodedAs(octets, charset)) || decodedAs(octets, 'utf-8') || decodedAs(octets, 'windows-1252') || ''
  )
}

/** The answer is undefined if there is no such charset (Encoding Standard), or if the text is not written in it. */
function decodedAs(octets: Buffer, charset: string): string | undefined {
  try {
    // A text that was cut may end within a character: with `stream` that is no error.
    return new TextDecoder(charset, { fatal: true }).decode(octets, { stream: true })
  } catch {
    return undefined
  }
}

function charsetOfHtml(octets: Buffer): string | undefined {
  return /<meta[^>]+charset\s*=\s*["']?\s*([\w-]+)/i.exec(octets.toString('latin1', 0, 2048))?.[1]
}
