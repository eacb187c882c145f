/** Makes a message of what somebody has written as JSON: its parts, the thread that it belongs to, the message that it passes on. */
import type { Readable } from 'node:stream'
import { underSignals } from '../src/deadline.ts'
import { dropDraft, putDraft } from '../src/imap/drafts.ts'
import type { Reader } from '../src/imap/reading.ts'
import { markAnswered, placeNamed, threadOf, threadOfDraft } from '../src/imap/thread.ts'
import { addressesIn, addressKey } from '../src/send/address.ts'
import type { SendingIdentity } from '../src/send/identity.ts'
import { composed, type ComposedAttachment, type Correspondent, type Thread } from '../src/smtp/compose.ts'
import { badRequest, Problem, type Wrong } from './http/problems.ts'
import { apiLimits } from './limits.ts'
import type { MailReading } from './mail-reading.ts'
import type { NewDraft, NewLetter } from './schemas/outbox.ts'

type Fields = Omit<NewDraft, 'replaces'>

const peopleFields = ['to', 'cc', 'bcc'] as const

/** @throws Problem if an address is none. */
export function recipientsOf(letter: Pick<Fields, 'to' | 'cc' | 'bcc'>): string[] {
  const mistakes: Wrong[] = []
  const addresses = new Map<string, string>()
  for (const field of peopleFields)
    for (const [nth, given] of letter[field].entries()) {
      const { address } = person(given)
      const [one, ...more] = addressesIn(address) ?? []
      if (one === undefined || more.length > 0 || one !== address)
        mistakes.push({
          pointer: typeof given === 'string' ? `/${field}/${nth}` : `/${field}/${nth}/address`,
          detail: 'must be an address such as ada@example.org',
          rule: 'pattern',
        })
      else addresses.set(addressKey(one), one)
    }
  if (mistakes.length > 0) throw badRequest(mistakes)
  return [...addresses.values()]
}

/** Of base64 that was cut off Buffer.from makes what is left. */
function demandWhole({ attachments }: Pick<Fields, 'attachments'>): void {
  const mistakes = attachments.flatMap(({ content }, nth): Wrong[] => {
    const padding = content.endsWith('==') ? 2 : content.endsWith('=') ? 1 : 0
    const isWhole = padding === 0 ? content.length % 4 !== 1 : content.length % 4 === 0
    return isWhole ? [] : [{ pointer: `/attachments/${nth}/content`, detail: 'must be in base64', rule: 'pattern' }]
  })
  if (mistakes.length > 0) throw badRequest(mistakes)
}

type LetterPlace = NonNullable<NewLetter['draft']>

interface ComposeTerms {
  readonly nowMs: number
  readonly signal: AbortSignal
  /** What it was written as so far. */
  readonly draft?: LetterPlace | undefined
}

export class Composing {
  readonly #reading: MailReading

  constructor(reading: MailReading) {
    this.#reading = reading
  }

  /** @throws Problem if what it answers or passes on is not there. */
  async compose(
    destinationId: string,
    identity: Pick<SendingIdentity, 'name' | 'address'>,
    letter: Fields,
    { nowMs, signal, draft }: ComposeTerms,
  ): Promise<Readable> {
    recipientsOf(letter)
    demandWhole(letter)
    const { inReplyTo, forward } = letter
    const thread: Thread | undefined =
      inReplyTo === undefined
        ? draft && (await this.#threadOfDraft(destinationId, draft, signal))
        : await this.#reading.read(destinationId, signal, (reader) => threadOf(reader, inReplyTo))
    const attachments: ComposedAttachment[] = letter.attachments.map(({ filename, contentType, content, cid }) => ({
      filename,
      contentType,
      content: Buffer.from(content, 'base64'),
      cid,
    }))
    if (forward?.as === 'attached') {
      const { content } = await this.#reading.open(destinationId, forward)
      attachments.push({ filename: 'message.eml', contentType: 'message/rfc822', content })
    }
    return composed({
      from: { name: identity.name, address: identity.address },
      to: letter.to.map(person),
      cc: letter.cc.map(person),
      bcc: letter.bcc.map(person),
      subject: letter.subject,
      text: letter.text,
      html: letter.html,
      attachments,
      thread,
      nowMs,
    })
  }

  /** The draft is held whole: a store is told its size before it comes. */
  async saveDraft(
    destinationId: string,
    identity: Pick<SendingIdentity, 'name' | 'address'>,
    draft: NewDraft,
    terms: ComposeTerms,
  ) {
    const pieces: Buffer[] = []
    for await (const piece of await this.compose(destinationId, identity, draft, {
      ...terms,
      draft: draft.replaces,
    }))
      pieces.push(piece as Buffer)
    const bytes = Buffer.concat(pieces)
    return await this.#reading.read(
      destinationId,
      terms.signal,
      async (reader) => await putDraft(reader, bytes, draft.replaces),
    )
  }

  /** Whoever opens a draft anew does not know any more what it answers. One that is gone says nothing. */
  async #threadOfDraft(destinationId: string, draft: LetterPlace, signal: AbortSignal): Promise<Thread | undefined> {
    try {
      return await this.#reading.read(destinationId, signal, async (reader) => await threadOfDraft(reader, draft))
    } catch (error) {
      if (error instanceof Problem && error.type === 'not-found') return undefined
      throw error
    }
  }

  /** A draft that somebody has opened anew says by a Message-ID what it answers. Nobody waits long for its being found. */
  async #markByThread(destinationId: string, draft: LetterPlace, signal: AbortSignal): Promise<void> {
    const mark = async (reader: Reader) => {
      const { messageId } = (await threadOfDraft(reader, draft)) ?? {}
      const place = messageId == null ? undefined : await placeNamed(reader, messageId)
      if (place !== undefined) await markAnswered(reader, place, 'answered')
    }
    const look = async (end: AbortSignal) => await this.#reading.read(destinationId, end, mark)
    await underSignals([signal], look, apiLimits.answeredSoughtMs).catch(() => {})
  }

  /** What it answers or passes on is marked so, and the draft goes. That a store does not do it keeps nothing from being sent. */
  async settle(
    destinationId: string,
    { inReplyTo, forward, draft }: Pick<NewLetter, 'inReplyTo' | 'forward' | 'draft'>,
    signal: AbortSignal,
  ): Promise<void> {
    const settle = async (work: (reader: Reader) => Promise<unknown>) =>
      await this.#reading.read(destinationId, signal, work).catch(() => {})
    if (inReplyTo !== undefined) await settle(async (reader) => await markAnswered(reader, inReplyTo, 'answered'))
    else if (draft !== undefined) await this.#markByThread(destinationId, draft, signal)
    if (forward !== undefined) await settle(async (reader) => await markAnswered(reader, forward, 'forwarded'))
    if (draft !== undefined) await settle(async (reader) => await dropDraft(reader, draft))
  }
}

function person(given: Fields['to'][number]): Correspondent {
  if (typeof given !== 'string') return { name: given.name ?? null, address: given.address.trim() }
  const [, name = '', address = given] = /^([^<>]*)<([^<>]*)>\s*$/.exec(given) ?? []
  const unquoted = name.trim().replace(/^"(.*)"$/, '$1')
  return { name: unquoted === '' ? null : unquoted, address: address.trim() }
}
