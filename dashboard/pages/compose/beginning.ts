/** What stands in a message when somebody begins to write it: nothing, an answer to a mail, a draft, or what was called back. */
import { everyOne, get } from '../../client.ts'
import { moment } from '../../intl.ts'
import type { Account, Identity, Message } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import type { SendingWords } from '../../words/sending.ts'
import { type Addressee, addresseesIn, written } from './addresses.ts'
import { answerKinds, type AnswerKind, identityFor, recipientsOf } from './answers.ts'
import { attachedCountMax, attachedMax, fetchedPart, sizeOf, typeOf } from './attaching.ts'
import { cleanHtml, htmlOf, textOf } from './html.ts'
import { partsOfDraft, passedOnIn } from './passed-on.ts'
import { quoted, signatureBlock } from './quoting.ts'
import { forwardSubject, replySubject } from './subject.ts'
import type { LetterPlace, Origin, PassedOn, Values } from './wire.ts'
import { Writing } from './writing.ts'

export interface Desk {
  readonly identities: readonly Identity[]
  /** By account. */
  readonly signatures: ReadonlyMap<string, string>
  readonly folders: ReadonlyMap<string, string>
}

/** Who writes here, and how. */
export async function deskOf(destination: string, signal: AbortSignal): Promise<Desk> {
  const [{ items }, accounts] = await Promise.all([
    get<{ readonly items: readonly Identity[] }>(`/destinations/${destination}/identities`, signal),
    everyOne<Account>(`/accounts?destinationId=${encodeURIComponent(destination)}`, signal),
  ])
  return {
    identities: items.filter(({ state }) => state !== 'refused'),
    signatures: new Map(accounts.map(({ id, signature }) => [id, signature ?? ''])),
    folders: new Map(accounts.map(({ id, folder }) => [id, folder])),
  }
}

export const kindIn = (query: URLSearchParams): AnswerKind | undefined =>
  answerKinds.find((kind) => kind === query.get('as'))

/** What was sent and called back: it is written on. */
const calledBack = new Map<string, { readonly values: Values; readonly origin: Origin }>()

export function callBack({ destination, values, origin }: Pick<Writing, 'destination' | 'values' | 'origin'>): void {
  calledBack.set(destination, { values: values.value, origin })
}

const empty: Omit<Values, 'identity'> = {
  to: [],
  cc: [],
  bcc: [],
  subject: '',
  format: 'plain',
  text: '',
  html: '',
  attachments: [],
}

export async function begun(
  destination: string,
  query: URLSearchParams,
  desk: Desk,
  say: SendingWords,
  signal: AbortSignal,
): Promise<Writing | undefined> {
  const back = calledBack.get(destination)
  calledBack.delete(destination)
  if (back !== undefined) {
    const writing = new Writing(destination, back.values, back.origin)
    writing.set({})
    return writing
  }
  const kind = kindIn(query)
  const [answered, draft] = await Promise.all([
    kind === undefined ? undefined : messageAt(destination, placeIn(query, 'folder', 'uid'), signal),
    messageAt(destination, placeIn(query, 'drafts', 'draft'), signal),
  ])
  const origin = kind === undefined || answered === undefined ? {} : originOf(kind, answered)
  if (draft !== undefined) return await fromDraft(destination, draft, desk, origin, signal)
  const identity = identityFor(desk.identities, answered, desk.folders)
  if (identity === undefined) return undefined
  const { accountId } = identity
  const signature = desk.signatures.get(accountId) ?? ''
  if (kind === undefined || answered === undefined) {
    const people = (name: string) => addresseesIn(query.get(name) ?? '')
    return new Writing(
      destination,
      {
        ...empty,
        identity: accountId,
        to: people('to'),
        cc: people('cc'),
        subject: query.get('subject') ?? '',
        text: `${query.get('body') ?? ''}${signatureBlock(signature, 'end')}`,
      },
      origin,
    )
  }
  const page =
    answered.html && (kind === 'forward' || answered.text === null) ? await pageOf(destination, answered, signal) : ''
  const passed = kind === 'forward' && page !== '' ? passedOnIn(page, answered.text, textOf) : undefined
  const text = answered.text ?? textOf(page)
  const own = new Set(desk.identities.map(({ address }) => address.toLowerCase()))
  const subject = answered.subject ?? ''
  const above = `${signatureBlock(signature, 'before the quote')}\n\n`
  const writing = new Writing(
    destination,
    {
      ...empty,
      identity: accountId,
      ...recipientsOf(kind, answered, own),
      subject: kind === 'forward' ? forwardSubject(subject) : replySubject(subject),
      text: `${above}${kind === 'forward' ? passedOn(answered, text, say) : answeredWith(answered, text, say)}`,
      // What has a look of its own keeps it.
      ...(passed === undefined
        ? {}
        : { format: 'html', html: htmlOf(`${above}${passedOn(answered, '', say)}`.trimEnd()), passedOn: passed }),
    },
    origin,
  )
  if (kind === 'forward') carryOver(writing, answered, passed)
  return writing
}

function placeIn(query: URLSearchParams, folder: string, uid: string): LetterPlace | undefined {
  const [path, number] = [query.get(folder), query.get(uid)]
  return path && number && /^[1-9]\d{0,9}$/.test(number) ? { folder: path, uid: Number(number) } : undefined
}

export const messagePathOf = (destination: string, { folder, uid }: LetterPlace, rest = '') =>
  `/destinations/${destination}/messages/${uid}${rest}?${new URLSearchParams({ folder }).toString()}`

async function messageAt(
  destination: string,
  place: LetterPlace | undefined,
  signal: AbortSignal,
): Promise<Message | undefined> {
  return place === undefined ? undefined : await get<Message>(messagePathOf(destination, place), signal)
}

function originOf(kind: AnswerKind, { folder, uid }: Message): Origin {
  return kind === 'forward' ? { forward: { folder, uid, as: 'quoted' } } : { inReplyTo: { folder, uid } }
}

async function pageOf(destination: string, message: LetterPlace, signal: AbortSignal): Promise<string> {
  return await (await fetchedPart(messagePathOf(destination, message, '/html'), signal, () => {})).text()
}

function answeredWith({ from, date, arrived }: Message, text: string, say: SendingWords): string {
  const at = date ?? arrived
  const who = from?.name ?? from?.address ?? words.value.mail.nobody
  const line = at === null ? say.wrote(who) : say.wroteOn(moment(at), who)
  return `${line}\n${quoted(text)}\n`
}

function passedOn(message: Message, text: string, say: SendingWords): string {
  const { from, date, arrived, subject, to, cc } = message
  const at = date ?? arrived
  const people = (some: Message['to']) =>
    some.map(({ name, address }) => written({ name, address: address ?? '' }).trim())
  const lines = [
    [say.from, from === null ? '' : people([from]).join('')],
    [say.date, at === null ? '' : moment(at)],
    [say.subject, subject ?? ''],
    [say.to, people(to).join(', ')],
    [say.cc, people(cc).join(', ')],
  ].filter(([, value]) => value !== '')
  return [
    `---------- ${say.passedOn} ----------`,
    ...lines.map(([name, value]) => `${name}: ${value}`),
    '',
    text,
    '',
  ].join('\n')
}

/** What is attached to a message goes along, but what its HTML shows in its place; that too, if the HTML has not got all of it. */
function carryOver(writing: Writing, message: Message, passed?: PassedOn): void {
  const shown = message.attachments.filter(({ inText }) => inText).length
  const hasAll = passed === undefined || passed.pictures.length >= shown
  writing.carry(
    message.attachments
      .filter(({ inText }) => !inText || !hasAll)
      .map(({ part, filename, type, size }) => {
        const path = messagePathOf(writing.destination, message, `/attachments/${part}`)
        return {
          filename: filename ?? words.value.mail.unnamed,
          contentType: typeOf(type),
          size,
          blob: async (stopped, told) => await fetchedPart(path, stopped, told),
        }
      }),
  )
}

async function fromDraft(
  destination: string,
  draft: Message,
  { identities }: Desk,
  origin: Origin,
  signal: AbortSignal,
): Promise<Writing | undefined> {
  const identity = identityFor(identities, { ...draft, to: [], cc: [], trace: null })
  if (identity === undefined) return undefined
  const people = (some: Message['to']): Addressee[] =>
    some.flatMap(({ name, address }) => (address === null ? [] : [{ name, address }]))
  const page = draft.html ? await pageOf(destination, draft, signal) : ''
  const { folder, uid } = draft
  const parts = page === '' ? undefined : partsOfDraft(page, { folder, uid }, textOf)
  const html = page === '' ? '' : cleanHtml(parts?.html ?? page)
  // What cannot go along would be lost with the draft in whose place the next one comes.
  const isWhole = sizeOf(draft.attachments) <= attachedMax && draft.attachments.length <= attachedCountMax
  const writing = new Writing(
    destination,
    {
      identity: identity.accountId,
      to: people(draft.to),
      cc: people(draft.cc),
      bcc: people(draft.bcc),
      subject: draft.subject ?? '',
      format: html === '' ? 'plain' : 'html',
      text: (draft.text ?? textOf(html)).replace(/\r\n?/g, '\n'),
      html,
      attachments: [],
      passedOn: parts?.passedOn,
    },
    origin,
    isWhole ? { folder, uid } : undefined,
  )
  carryOver(writing, draft, parts?.passedOn)
  return writing
}
