/** The first words of messages, for a list: as the store tells them (PREVIEW, RFC 8970), or else from the beginning of the text. */
import { snippetOfHtml, snippetOfPlain, snippetOfText, undoneEncoding } from '../mail/snippet.ts'
import { charsetLetters } from './charset.ts'
import { atom } from './command.ts'
import { beginningOf, fetchItem } from './items.ts'
import { imapLimits } from './limits.ts'
import type { Part } from './parts.ts'
import type { Reader } from './reading.ts'

export interface Worded {
  readonly uid: number
  /** The part with which its text begins. */
  readonly begins: Part | null
}

export async function snippetsOf(reader: Reader, messages: readonly Worded[]): Promise<ReadonlyMap<number, string>> {
  const snippets = new Map<number, string>()
  const take = (uid: number, snippet: string | null) => {
    // A calendar part is no text that anybody reads.
    if (snippet !== null && !snippet.startsWith('BEGIN:VCALENDAR')) snippets.set(uid, snippet)
  }
  if (reader.client.capabilities.has('PREVIEW')) {
    const uids = messages.map(({ uid }) => uid)
    await fetchItem(reader, uids, { name: 'PREVIEW', item: atom('PREVIEW') }, (uid, octets) =>
      take(uid, snippetOfText(octets.toString())),
    )
    return snippets
  }
  const parts = new Map(messages.flatMap(({ uid, begins }) => (begins === null ? [] : [[uid, begins] as const])))
  // Most mails of a page begin with the same part.
  const numbers = [...new Set([...parts.values()].map(({ part }) => part))].slice(0, imapLimits.snippetPartsMax)
  for (const number of numbers) {
    const uids = [...parts].flatMap(([uid, { part }]) => (part === number ? [uid] : []))
    const item = beginningOf(number, imapLimits.snippetOctets)
    await fetchItem(reader, uids, { name: 'BODY', item }, (uid, octets) => {
      const part = parts.get(uid)
      if (part !== undefined) take(uid, beginningWith(octets, part))
    })
  }
  return snippets
}

function beginningWith(octets: Buffer, { encoding, charset, type }: Part): string | null {
  const text = charsetLetters(undoneEncoding(octets, encoding), charset)
  return type === 'text/html' ? snippetOfHtml(text) : snippetOfPlain(text)
}
