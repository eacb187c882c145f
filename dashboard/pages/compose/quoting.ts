/** The words of a message as they stand in an answer to it. */

/** The lines of a message, each with its mark; without the signature below it and the empty lines around it. */
export function quoted(text: string): string {
  return withoutSignature(text)
    .split('\n')
    .map((line) => (line.startsWith('>') || line === '' ? `>${line}` : `> ${line}`))
    .join('\n')
}

/** RFC 3676 section 4.3: a signature begins behind a line of two dashes and a space. */
export function withoutSignature(text: string): string {
  const lines = text.replace(/\r\n?/g, '\n').split('\n')
  const at = lines.lastIndexOf('-- ')
  return lines
    .slice(0, at > 0 ? at : lines.length)
    .join('\n')
    .replace(/^\s*\n|\s+$/g, '')
}

export type SignaturePlace = 'end' | 'before the quote'

/** A signature as it stands in a text: below the dashes, but where a quote follows, which would be taken for a part of it. */
export function signatureBlock(signature: string, place: SignaturePlace): string {
  const written = signature.replace(/\r\n?/g, '\n').trim()
  if (written === '') return ''
  return place === 'end' ? `\n\n-- \n${written}` : `\n\n${written}`
}

/** The lines of a signature where they stand: without those that keep them apart. */
export const signatureLines = (signature: string, place: SignaturePlace): string =>
  signatureBlock(signature, place).replace(/^\n+/, '')

/** Puts the signature of another identity in the place of the one that is there; undefined: it was changed, and stays. */
export function withSignature(text: string, was: string, is: string, place: SignaturePlace): string | undefined {
  const [before, after] = [signatureBlock(was, place), signatureBlock(is, place)]
  if (before === '') return place === 'end' ? `${text.trimEnd()}${after}` : undefined
  const at = text.lastIndexOf(before)
  return at === -1 ? undefined : `${text.slice(0, at)}${after}${text.slice(at + before.length)}`
}

/** What somebody wrote by themselves: no quoted line, and nothing of what is below a signature or a forwarded message. */
export function ownWords(text: string): string {
  return withoutSignature(text)
    .split(/^-{3,} .* -{3,}$/m, 1)
    .join('')
    .split('\n')
    .filter((line) => !line.startsWith('>'))
    .join('\n')
}
