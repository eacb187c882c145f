/**
 * Finds words in a folder. The store searches whole messages, by its own rules, which tell letters with marks from those without; so the newest
 * messages are looked at here as well, by sender, recipients, subject and first words, and what spellings they have of the words is searched for in
 * the store, too. All of it has an end, and it is known how far it went.
 */
import type { MailboxObject, SearchObject } from 'imapflow'
import { fold, spellingIn, foldedWords } from '../mail/folding.ts'
import { atom } from './command.ts'
import { peopleOf } from './heading.ts'
import { fetchItem } from './items.ts'
import { imapLimits } from './limits.ts'
import { searched } from './order.ts'
import type { Searched, Uids } from './orders.ts'
import { answered, type Reader } from './reading.ts'
import { siftFor } from './sifting.ts'
import { packMessageRange } from 'imapflow/lib/tools.js'

export interface Finding {
  readonly uids: ReadonlySet<number>
  readonly searched: Searched
}

export async function find(reader: Reader, mailbox: MailboxObject, order: Uids, search: string): Promise<Finding> {
  const { found, looked, spellings } = await lookedThrough(reader, order, search)
  const asked = [search, ...spellings]
  const text = await inText(reader, mailbox, asked, (uid) => found.add(uid))
  return { uids: found, searched: { messages: mailbox.exists, text, folded: looked, spellings } }
}

async function lookedThrough(reader: Reader, order: Uids, search: string) {
  const [words, phrase] = [foldedWords(search), fold(search).trim()]
  const found = new Set<number>()
  const spellings = new Set<string>()
  const asTyped = search.normalize('NFC').toLowerCase().replace(/\s+/g, ' ').trim()
  if (phrase !== asTyped) spellings.add(phrase)
  const end = performance.now() + imapLimits.foldedSearchMs
  const max = Math.min(order.length, imapLimits.foldedMessagesMax)
  let looked = 0
  while (looked < max && performance.now() < end && words.length > 0) {
    const uids = [...order.subarray(looked, Math.min(max, looked + imapLimits.foldedTogether))]
    for (const [uid, texts] of await beginningsOf(reader, uids)) {
      const all = fold(texts.join(' '))
      if (words.every((word) => all.includes(word))) found.add(uid)
      if (spellings.size >= imapLimits.spellingsMax || !all.includes(phrase)) continue
      for (const text of texts) {
        const spelling = spellingIn(text, phrase)
        if (spelling !== undefined && spelling !== asTyped) spellings.add(spelling)
      }
    }
    looked += uids.length
  }
  return { found, looked, spellings: [...spellings].slice(0, imapLimits.spellingsMax) }
}

/** What people see of messages in a list. */
async function beginningsOf(reader: Reader, uids: readonly number[]): Promise<ReadonlyMap<number, string[]>> {
  siftFor(reader.client, 'list')
  const texts = new Map<number, string[]>()
  const fetching = async () => {
    for await (const message of reader.client.fetch(
      packMessageRange([...uids]),
      { uid: true, envelope: true },
      { uid: true },
    )) {
      const { subject = '', from, to, cc } = message.envelope ?? {}
      const people = [from, to, cc].flatMap(peopleOf).flatMap(({ name, address }) => [name ?? '', address ?? ''])
      texts.set(message.uid, [subject, ...people])
    }
  }
  await answered(reader, 'FETCH', fetching())
  if (reader.client.capabilities.has('PREVIEW'))
    await fetchItem(reader, uids, { name: 'PREVIEW', item: atom('PREVIEW') }, (uid, octets) =>
      texts.get(uid)?.push(octets.toString()),
    )
  return texts
}

/** Searches from the last message on, as many at once as the store gets through in a while. @returns how many it got through. */
async function inText(
  reader: Reader,
  { exists }: MailboxObject,
  spellings: readonly string[],
  take: (uid: number) => void,
): Promise<number> {
  const [first = '', ...others] = spellings
  const words: SearchObject = others.length === 0 ? { text: first } : { or: spellings.map((text) => ({ text })) }
  const end = performance.now() + imapLimits.textSearchMs
  let together: number = imapLimits.searchedFirst
  for (let to = exists; to > 0; ) {
    const from = Math.max(1, to - together + 1)
    const beganMs = performance.now()
    const found = await searched(reader, { ...words, seq: to === exists ? `${from}:*` : `${from}:${to}` })
    // Some stores refuse what is not ASCII.
    if (found === undefined) return exists - to
    found.forEach(take)
    to = from - 1
    const [nowMs, tookMs] = [performance.now(), performance.now() - beganMs]
    if (nowMs >= end) return exists - to
    const perMessageMs = tookMs / Math.min(together, exists)
    const fitting = Math.floor(Math.min(imapLimits.searchStepMs, end - nowMs) / Math.max(perMessageMs, 0.001))
    together = Math.max(imapLimits.searchedLeast, Math.min(fitting, 4 * together))
  }
  return exists
}
