/** Where answers to a message are to go, by the words of its author or of its list, beside From and Reply-To, which ENVELOPE has. */
import { plainText } from './heading.ts'
import { encodedWords } from './garbled.ts'
import { fetchItem, headerFields } from './items.ts'
import { imapLimits } from './limits.ts'
import type { Reader } from './reading.ts'

export interface Answering {
  /** The value of List-Post (RFC 2369); null if it is no address, as `NO`. */
  readonly listPost: string | null
  /** The value of Mail-Followup-To: addresses as a header has them. */
  readonly followUpTo: string | null
}

const item = headerFields(['LIST-POST', 'MAIL-FOLLOWUP-TO'], imapLimits.answeringOctetsMax)

export async function answeringOf(reader: Reader, uid: number): Promise<Answering> {
  let header = ''
  await fetchItem(reader, [uid], { name: 'BODY', item }, (_uid, octets) => {
    header = octets.toString()
  })
  return answeringIn(header)
}

export function answeringIn(header: string): Answering {
  const unfolded = header.replace(/\r?\n[ \t]+/g, ' ')
  const value = (name: RegExp) => name.exec(unfolded)?.[1] ?? ''
  const [, post] = /<mailto:([^\s<>?]+)(?:\?[^<>]*)?>/i.exec(value(/^list-post:(.*)$/im)) ?? []
  const address = post === undefined ? undefined : decodedOnce(post)
  return {
    listPost: address?.includes('@') ? plainText(address) : null,
    followUpTo: plainText(encodedWords(value(/^mail-followup-to:(.*)$/im))),
  }
}

function decodedOnce(address: string): string {
  try {
    return decodeURIComponent(address)
  } catch {
    return address
  }
}
