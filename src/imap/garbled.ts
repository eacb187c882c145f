/**
 * Header fields whose letters stand there as they are, in another charset than UTF-8. No header may be so (RFC 5322 section 2.2), and stores pass it
 * on; the charset is that of the message's text, as a rule.
 */
import { decodeText } from 'imapflow/lib/tools.js'
import { charsetLetters } from './charset.ts'
import type { Heading, Person } from './heading.ts'
import { plainText } from './heading.ts'
import { fetchItem, headerFields } from './items.ts'
import { imapLimits } from './limits.ts'
import type { Reader } from './reading.ts'

type Named = Pick<Heading, 'subject' | 'from'> & Partial<Record<(typeof lists)[number], readonly Person[]>>
const lists = ['to', 'cc', 'replyTo'] as const

/** What an octet becomes that is not UTF-8, or what is left of how ISO-2022-JP begins. */
const sign = /\ufffd|(?:^| )\$[@B]\S/

export function isGarbled({ subject, from, ...rest }: Named): boolean {
  const people = [from, ...lists.flatMap((list) => rest[list] ?? [])]
  return sign.test(subject ?? '') || people.some((person) => sign.test(person?.name ?? ''))
}

/** What is told of the messages, with the letters of these fields as their charsets have them. */
export async function ungarbled<One extends Named & { readonly uid: number; readonly charset: string | null }>(
  reader: Reader,
  messages: readonly One[],
): Promise<ReadonlyMap<number, One>> {
  const mended = new Map<number, One>()
  const garbled = new Map(messages.filter(isGarbled).map((message) => [message.uid, message] as const))
  const item = headerFields(['SUBJECT', 'FROM', 'TO', 'CC', 'REPLY-TO'], imapLimits.garbledHeaderOctetsMax)
  await fetchItem(reader, [...garbled.keys()], { name: 'BODY', item }, (uid, octets) => {
    const message = garbled.get(uid)
    if (message !== undefined) mended.set(uid, mendedBy(message, fieldsIn(charsetLetters(octets, message.charset))))
  })
  return mended
}

function mendedBy<One extends Named>(message: One, fields: ReadonlyMap<string, string>): One {
  const named = new Map(
    ['from', 'to', 'cc', 'reply-to'].flatMap((name) =>
      peopleIn(fields.get(name) ?? '').map((one) => [one.address, one]),
    ),
  )
  const mend = (person: Person): Person =>
    sign.test(person.name ?? '') ? { ...person, name: named.get(person.address ?? '')?.name ?? person.name } : person
  const people = Object.fromEntries(lists.flatMap((list) => (message[list] ? [[list, message[list].map(mend)]] : [])))
  const subject = sign.test(message.subject ?? '')
    ? plainText(encodedWords(fields.get('subject') ?? ''))
    : message.subject
  return { ...message, ...people, subject, from: message.from && mend(message.from) }
}

function fieldsIn(header: string): ReadonlyMap<string, string> {
  const unfolded = header.replace(/\r?\n[ \t]+/g, ' ')
  return new Map(
    unfolded.split(/\r?\n/).flatMap((line) => {
      const colon = line.indexOf(':')
      return colon < 1 ? [] : [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const]
    }),
  )
}

/** Encoded words may stand beside raw letters. */
export function encodedWords(text: string): string {
  return text.includes('=?') ? decodeText(text) : text
}

/** The addresses that have a name, as people write them: `Name <a@b>`, `"Name" <a@b>`, `a@b (Name)`. */
function peopleIn(field: string): Person[] {
  const entries = field.match(/(?:"(?:[^"\\]|\\.)*"|[^",])+/g) ?? []
  return entries.flatMap((entry) => {
    const [, name, address] = /^([^<]*)<([^<>]*)>/.exec(entry) ?? []
    const [, bare, comment] =
      name === undefined ? (/^\s*(\S+)\s+\((.*)\)\s*$/.exec(entry) ?? []) : [undefined, address, name]
    if (bare === undefined || comment === undefined) return []
    const unquoted = comment
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .replace(/\\(.)/g, '$1')
    return [{ name: plainText(encodedWords(unquoted)), address: bare.trim() }]
  })
}
