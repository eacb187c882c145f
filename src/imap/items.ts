/** Asks for data items that imapflow has no words for, and reads them from its parsed answers (RFC 9051 section 7.5.2). */
import { packMessageRange } from 'imapflow/lib/tools.js'
import { atom, execute, isRecord, sequence, type Untagged } from './command.ts'
import { serverOf } from './connection.ts'
import { answered, type Reader } from './reading.ts'
import { failed } from './trouble.ts'

/** `BODY.PEEK[section]<0.octets>` */
export interface SectionItem {
  readonly type: 'ATOM'
  readonly value: 'BODY.PEEK'
  readonly section: readonly (SectionWord | readonly SectionWord[])[]
  readonly partial: readonly [from: number, octets: number]
}
type SectionWord = ReturnType<typeof atom>

export function headerFields(names: readonly string[], octets: number): SectionItem {
  return {
    type: 'ATOM',
    value: 'BODY.PEEK',
    section: [atom('HEADER.FIELDS'), names.map((name) => atom(name))],
    partial: [0, octets],
  }
}

export function beginningOf(part: string, octets: number): SectionItem {
  return { type: 'ATOM', value: 'BODY.PEEK', section: [atom(part)], partial: [0, octets] }
}

export type Item = SectionItem | ReturnType<typeof atom>

/**
 * Fetches one item of some messages, and hands over each one as it comes.
 *
 * @param name is the item's in the answer, without its section.
 */
export async function fetchItem(
  reader: Reader,
  uids: readonly number[],
  { name, item }: { readonly name: string; readonly item: Item | readonly Item[] },
  take: (uid: number, octets: Buffer) => void,
): Promise<void> {
  if (uids.length === 0) return
  const { client } = reader
  const read = async ({ attributes }: Untagged) => {
    const words = attributes?.[1]
    if (!Array.isArray(words)) return
    const at = (wanted: string) =>
      words.findIndex((word: unknown, nth) => nth % 2 === 0 && isRecord(word) && isNamed(word, wanted))
    const [uid, value] = [at('UID'), at(name)].map((nth) => (nth === -1 ? undefined : (words[nth + 1] as unknown)))
    const octets = octetsOf(value)
    if (isRecord(uid) && octets !== undefined) take(Number(uid['value']), octets)
  }
  const range = sequence(packMessageRange([...uids]))
  const items = Array.isArray(item) ? (item as readonly Item[]) : [item as Item]
  const work = execute(client, 'UID FETCH', [range, [atom('UID'), ...items]], { FETCH: read })
  await answered(
    reader,
    'FETCH',
    work.catch((error: unknown) => {
      throw failed(error, serverOf(client), 'FETCH')
    }),
  )
}

function isNamed(word: Record<string, unknown>, wanted: string): boolean {
  return typeof word['value'] === 'string' && word['value'].toUpperCase() === wanted
}

function octetsOf(value: unknown): Buffer | undefined {
  if (!isRecord(value)) return undefined
  const { value: text } = value
  return Buffer.isBuffer(text) ? text : typeof text === 'string' ? Buffer.from(text) : undefined
}
