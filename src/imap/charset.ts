/** The words of a text part where imapflow has left it as it came: its charset is not named, not known, or a name for UTF-8. */

export function decoded(octets: Buffer, type: string): string {
  const named = type === 'text/html' ? charsetOfHtml(octets) : undefined
  return (named && decodedAs(octets, named)) ?? decodedAs(octets, 'utf-8') ?? decodedAs(octets, 'windows-1252') ?? ''
}

/** Undefined: no such charset (Encoding Standard), or it is none of this text. */
function decodedAs(octets: Buffer, charset: string): string | undefined {
  try {
    // A text that was cut ends mid-character: `stream` says nothing of that.
    return new TextDecoder(charset, { fatal: true }).decode(octets, { stream: true })
  } catch {
    return undefined
  }
}

function charsetOfHtml(octets: Buffer): string | undefined {
  return /<meta[^>]+charset\s*=\s*["']?\s*([\w-]+)/i.exec(octets.toString('latin1', 0, 2048))?.[1]
}
