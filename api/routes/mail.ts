/** `/destinations/:id/folders` and `/messages`: reads mail in the store, where it lies. */
import type { FastifyReply } from 'fastify'
import { assertNever } from '../../src/assert-never.ts'
import { type Answering, answeringOf } from '../../src/imap/answering.ts'
import { type Body, bodyOf } from '../../src/imap/body.ts'
import { calendarOf } from '../../src/imap/calendar-parts.ts'
import type { CalendarEvent } from '../../src/mail/calendar.ts'
import { type Beginning, messagesOf, pagePlace } from '../../src/imap/listing.ts'
import { messageOf } from '../../src/imap/message.ts'
import { foldersOf, type Reader, setFlags } from '../../src/imap/reading.ts'
import type { Logger } from '../../src/log.ts'
import { documentOf } from '../../src/mail/document.ts'
import { htmlOfText, type Withheld } from '../../src/mail/html.ts'
import type { App } from '../app.ts'
import { type Cleaned, Cleaner, type CleanerBounds } from '../http/cleaner.ts'
import { cursorOf, placeIn } from '../http/cursor.ts'
import { attachmentNamed, isolate, typeOf } from '../http/foreign.ts'
import { conflict } from '../http/problems.ts'
import { type HandlerOf, route } from '../http/route.ts'
import { MailReading, type MailReadingWorld } from '../mail-reading.ts'
import { File } from '../schemas/answers.ts'
import * as schemas from '../schemas/mail.ts'
import { Id } from '../schemas/requests.ts'

export interface MailWorld extends MailReadingWorld {
  readonly log: Logger
  /** Tests give smaller bounds. */
  readonly cleanerBounds?: Partial<CleanerBounds>
}

export async function mailRoutes(app: App, world: MailWorld): Promise<void> {
  const reading = new MailReading(world)
  const cleaner = new Cleaner(world.log, world.cleanerBounds)
  app.addHook('onClose', async () => await Promise.all([reading.close(), cleaner.close()]))
  const handlers = new MailHandlers(reading, cleaner)
  app.get('/destinations/:id/folders', listFolders, handlers.listFolders)
  app.get('/destinations/:id/messages', listMessages, handlers.list)
  app.get('/destinations/:id/messages/:uid', readMessage, handlers.read)
  app.get('/destinations/:id/messages/:uid/html', readMessageHtml, handlers.readHtml)
  app.get('/destinations/:id/messages/:uid/attachments/:part', readAttachment, handlers.readAttachment)
  app.get('/destinations/:id/messages/:uid/source', readMessageSource, handlers.readSource)
  app.patch('/destinations/:id/messages/:uid', changeMessage, handlers.change)
}

const listFolders = route(
  { scope: 'read' },
  {
    operationId: 'listFolders',
    summary: 'List the folders of a destination',
    description: 'INBOX first, then those with a use, then by name; each behind the one it lies in.',
    problems: ['store-unavailable'],
    params: Id,
    response: { 200: schemas.Folders },
  },
)

const listMessages = route(
  { scope: 'read' },
  {
    operationId: 'listMessages',
    summary: 'List the messages of a folder, newest first',
    description:
      'By when they arrived, where the store sorts (RFC 5256); else, and in a folder of more than 100,000, as they came there. Of such a folder the newest 100,000 are listed. A page begins behind `cursor`, else with the message `uid`, else with the first one that arrived before `before`, else behind `offset` messages. Words are searched in whole messages as the store compares them (most tell letters with marks from those without); in the newest messages every word is looked for in sender, recipients, subject and first words as well, whatever marks its letters have, and the spellings found there are searched in whole messages, too: `searched` says how far.',
    problems: ['conflict', 'store-unavailable'],
    params: Id,
    querystring: schemas.MailQuery,
    response: { 200: schemas.MailList },
  },
)

const readMessage = route(
  { scope: 'read' },
  {
    operationId: 'readMessage',
    summary: 'Read a message',
    description: 'It stays unread.',
    problems: ['conflict', 'store-unavailable'],
    params: schemas.MailId,
    querystring: schemas.MailPlace,
    response: { 200: schemas.Mail },
  },
)

const readMessageHtml = route(
  { scope: 'read', answers: 'mail page' },
  {
    operationId: 'readMessageHtml',
    summary: 'Read the HTML of a message, made harmless',
    description:
      'A document for a sandboxed frame: no script, no form, and nothing from elsewhere but images with remote=true.',
    problems: ['conflict', 'store-unavailable'],
    params: schemas.MailId,
    querystring: schemas.MailShown,
    produces: ['text/html'],
    response: { 200: File },
  },
)

const readAttachment = route(
  { scope: 'read', answers: 'mail' },
  {
    operationId: 'readAttachment',
    summary: 'Download an attachment',
    problems: ['conflict', 'store-unavailable'],
    params: schemas.MailPart,
    querystring: schemas.MailPlace,
    produces: ['application/octet-stream'],
    response: { 200: File },
  },
)

const readMessageSource = route(
  { scope: 'read', answers: 'mail' },
  {
    operationId: 'readMessageSource',
    summary: 'Download a message as it is stored',
    description: 'Byte for byte, as the store shows it.',
    problems: ['conflict', 'store-unavailable'],
    params: schemas.MailId,
    querystring: schemas.MailPlace,
    produces: ['message/rfc822'],
    response: { 200: File },
  },
)

const changeMessage = route(
  // The mailbox itself knows what was read; the gateway's audit log need not.
  { scope: 'operate', audited: false },
  {
    operationId: 'changeMessage',
    summary: 'Mark a message as read or flagged, or not',
    description: 'Every mail program sees it.',
    problems: ['conflict', 'store-unavailable'],
    params: schemas.MailId,
    querystring: schemas.MailPlace,
    body: schemas.MailFlags,
    response: { 200: schemas.MailFlagged },
  },
)

class MailHandlers {
  readonly #reading: MailReading
  readonly #cleaner: Cleaner

  constructor(reading: MailReading, cleaner: Cleaner) {
    this.#reading = reading
    this.#cleaner = cleaner
  }

  readonly listFolders: HandlerOf<typeof listFolders> = async ({ params: { id } }, reply) => ({
    items: await this.#read(id, reply, foldersOf),
  })

  readonly list: HandlerOf<typeof listMessages> = async ({ params: { id }, query }, reply) => {
    const { folder, search, unread, limit } = query
    const wanted = { folder, search, unread, limit, from: beginningOf(query) }
    const { rows, next, searched, ...listing } = await this.#read(id, reply, (reader) => messagesOf(reader, wanted))
    return {
      ...listing,
      items: [...rows],
      next: cursorOf(next),
      searched: searched && { ...searched, spellings: [...searched.spellings] },
    }
  }

  readonly read: HandlerOf<typeof readMessage> = async ({ params, query }, reply) => {
    const place = placeOf(params, query)
    const message = await this.#read(params.id, reply, async (reader) => {
      const found = await messageOf(reader, place)
      const events = await calendarOf(reader, place.uid, found.parts)
      const answering = await answeringOf(reader, place.uid)
      return { ...found, answering, events, body: await bodyOf(reader, place.uid, found.parts, { images: false }) }
    })
    const { html, withheld } = await this.#clean(params.id, reply, message.body, false)
    return mailView(message, place, { html, withheld })
  }

  readonly readHtml: HandlerOf<typeof readMessageHtml> = async ({ params, query }, reply) => {
    const place = placeOf(params, query)
    const { remote, dark } = query
    // The headers are set first, because a problem is shown in the frame as well.
    isolate(reply, `style-src 'unsafe-inline'; img-src data:${remote ? ' https: http:' : ''}`, { shown: true })
    const body = await this.#read(params.id, reply, async (reader) => {
      const { parts } = await messageOf(reader, place)
      return await bodyOf(reader, place.uid, parts, { images: true })
    })
    const { html, withheld } = await this.#clean(params.id, reply, body, remote)
    const note = withheld === null ? '' : `<p><strong>${reportOf(withheld)}</strong></p>`
    const fragment = html?.html ?? `${note}${htmlOfText(body.text ?? '')}`
    return await reply.type('text/html; charset=utf-8').send(Buffer.from(documentOf(fragment, dark ? 'dark' : 'light')))
  }

  readonly readAttachment: HandlerOf<typeof readAttachment> = async ({ params, query }, reply) => {
    const { content, part } = await this.#reading.open(params.id, placeOf(params, query), params.part)
    reply.header('content-disposition', attachmentNamed(part?.filename ?? `attachment-${params.part}`))
    return await reply.type(typeOf(part?.type)).send(content)
  }

  readonly readSource: HandlerOf<typeof readMessageSource> = async ({ params, query }, reply) => {
    const { content } = await this.#reading.open(params.id, placeOf(params, query))
    reply.header('content-disposition', attachmentNamed(`message-${params.uid}.eml`))
    return await reply.type('message/rfc822').send(content)
  }

  readonly change: HandlerOf<typeof changeMessage> = async ({ params, query, body }, reply) => {
    const place = placeOf(params, query)
    const { seen, flagged } = await this.#read(params.id, reply, (reader) => setFlags(reader, place, body))
    if ((body.seen ?? seen) !== seen || (body.flagged ?? flagged) !== flagged)
      throw conflict(`The store keeps these flags of the folder ${place.folder} as they are.`)
    return { uid: place.uid, seen, flagged }
  }

  async #read<T>(id: string, reply: FastifyReply, work: (reader: Reader) => Promise<T>): Promise<T> {
    const gone = new AbortController()
    const leave = () => gone.abort()
    reply.raw.once('close', leave)
    return await this.#reading.read(id, gone.signal, work).finally(() => reply.raw.off('close', leave))
  }

  async #clean(id: string, reply: FastifyReply, { html }: Body, remote: boolean): Promise<Cleaned> {
    if (html === null) return { html: null, withheld: null }
    return await this.#cleaner.clean(id, html, remote, () => !reply.raw.destroyed)
  }
}

function beginningOf({ cursor, uid, before, offset }: schemas.MailQuery): Beginning {
  const place = placeIn(cursor, pagePlace)
  if (place !== undefined) return { kind: 'cursor', cursor: place }
  if (uid !== undefined) return { kind: 'message', uid }
  if (before !== undefined) return { kind: 'before', ms: Date.parse(before) }
  return { kind: 'offset', offset: offset ?? 0 }
}

type Place = ReturnType<typeof placeOf>

function placeOf({ uid }: { readonly uid: string }, { folder, uidValidity }: { folder: string; uidValidity?: number }) {
  return { folder, uid: Number(uid), uidValidity }
}

function mailView(
  {
    parts,
    courier,
    body,
    events,
    answering,
    ...message
  }: Awaited<ReturnType<typeof messageOf>> & {
    readonly body: Body
    readonly events: readonly CalendarEvent[]
    readonly answering: Answering
  },
  { uid, folder }: Place,
  { html, withheld }: Cleaned,
) {
  return {
    ...message,
    ...answering,
    uid,
    folder,
    text: body.text,
    html: html !== null,
    withheld,
    remote: html?.remote ?? false,
    truncated: body.truncated,
    events: events.map((event) => ({ ...event, attendees: [...event.attendees] })),
    attachments: parts.attachments.map(({ part, filename, type, size, inline, id }) => ({
      part,
      filename,
      type,
      size,
      inline,
      inText: id !== null && body.named.has(id),
    })),
    trace: courier && {
      account: courier.address,
      provider: courier.provider,
      run: courier.runId,
      gatheredAt: courier.gatheredAt,
    },
  }
}

/** Gives the sentence that stands in place of the HTML, above the plain text of the message. */
function reportOf(withheld: Withheld): string {
  const instead = 'What it has of plain text follows; all of it is in the original, which can be downloaded.'
  switch (withheld) {
    case 'slow':
      return `The HTML of this message is not shown: it took too long to make it harmless. ${instead}`
    case 'failed':
      return `The HTML of this message is not shown: it could not be made harmless. ${instead}`
    case 'busy':
      return `The HTML of this message is not shown: too many messages are being read just now. Open it again in a moment.`
    default:
      return assertNever(withheld)
  }
}
