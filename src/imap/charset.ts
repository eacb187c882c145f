/** Decodes a text part that imapflow has left undecoded, because its charset is missing, unknown, or a name for UTF-8. */

export function decoded(octets: Buffer, type: string): string {
  const named = type === 'text/html' ? charsetOfHtml(octets) : undefined
  return (named && decodedAs(octets, named)) ?? decodedAs(octets, 'utf-8') ?? decodedAs(octets, 'windows-1252') ?? ''
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
