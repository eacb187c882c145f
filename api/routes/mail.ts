/** `/destinations/:id/folders` and `/messages`: mail, read where it lies. */
import type { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { StoreEndpoint } from '../../src/config.ts'
import { targetOf } from '../../src/account/destination.ts'
import { assertNever } from '../../src/assert-never.ts'
import { documentOf, htmlOfText, type Withheld } from '../../src/mail/html.ts'
import { type Body, bodyOf } from '../../src/imap/body.ts'
import { loginOf, serverOf } from '../../src/imap/connection.ts'
import { messagesOf, pagePlace } from '../../src/imap/listing.ts'
import { messageOf, streamOf } from '../../src/imap/message.ts'
import type { Part } from '../../src/imap/parts.ts'
import { StorePool } from '../../src/imap/pool.ts'
import { foldersOf, type Reader, type ReadWaits, setFlags, Unreadable, usualReadWaits } from '../../src/imap/reading.ts'
import { apiLimits } from '../limits.ts'
import type { Logger } from '../../src/log.ts'
import type { Destinations } from '../../src/redis/destinations.ts'
import type { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import type { Seal } from '../../src/seal.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { describeAsked } from '../../src/failure/sentences.ts'
import type { App } from '../app.ts'
import { type Cleaned, Cleaner, type CleanerBounds } from '../http/cleaner.ts'
import { cursorOf, placeIn } from '../http/cursor.ts'
import { attachmentNamed, isolate, typeOf } from '../http/foreign.ts'
import { conflict, Problem, unknown } from '../http/problems.ts'
import { File } from '../schemas/answers.ts'
import * as schemas from '../schemas/mail.ts'
import { Id } from '../schemas/requests.ts'

export interface MailWorld {
  readonly destinations: Destinations
  readonly seal: Seal
  readonly settings: InstanceSettingsStore
  readonly store: StoreEndpoint
  readonly log: Logger
  /** Given by tests. */
  readonly readWaits?: Partial<ReadWaits>
  readonly cleanerBounds?: Partial<CleanerBounds>
}

export function addMail(
  app: App,
  { destinations, seal, settings, store, log, readWaits, cleanerBounds }: MailWorld,
): void {
  const waits: ReadWaits = { ...usualReadWaits, ...readWaits }
  const pool = new StorePool(store, { connectionsMax: apiLimits.readersPerDestination, turnWaitMs: waits.answerMs })
  const cleaner = new Cleaner(log, cleanerBounds)
  app.addHook('onClose', async () => await Promise.all([pool.close(), cleaner.close()]))

  const targetIn = async (id: string) => {
    const record = await destinations.get(id)
    if (record === undefined) throw unknown('destination', id)
    return targetOf(record, seal, await settings.get())
  }
  /** Whoever goes away meanwhile leaves no work behind. */
  const reading = async <T>(id: string, reply: FastifyReply, read: (reader: Reader) => Promise<T>): Promise<T> => {
    const left = new AbortController()
    const leave = () => left.abort()
    reply.raw.once('close', leave)
    const target = await targetIn(id)
    const server = serverOf(loginOf(target, store))
    const over = AbortSignal.any([left.signal, AbortSignal.timeout(waits.endMs)])
    const closing = async (client: Reader['client']) => {
      const close = () => client.close()
      over.addEventListener('abort', close, { once: true })
      return await read({ client, waits }).finally(() => over.removeEventListener('abort', close))
    }
    try {
      return await pool.borrow(target, closing, over)
    } catch (error) {
      if (over.aborted)
        throw new Problem(
          'store-unavailable',
          `The mail store ${server} had not told all of it after ${waits.endMs / 1000} s. Try again in a moment.`,
        )
      throw problemIn(error, server, waits)
    } finally {
      reply.raw.off('close', leave)
    }
  }
  /** The connection is lent for as long as the stream flows. */
  const streaming = async (id: string, place: Parameters<typeof streamOf>[1], part?: string): Promise<Streamed> => {
    const target = await targetIn(id)
    return await new Promise<Streamed>((resolve, reject) => {
      const given = (content: Readable, of: Part | undefined) => resolve({ content, of })
      // What fails once it flows is told by the stream.
      pool
        .borrow(target, (client) => streamOf({ client, waits }, place, part, given))
        .catch((error) => reject(problemIn(error, serverOf(loginOf(target, store)), waits)))
    })
  }
  const cleanedOf = async (reply: FastifyReply, { html }: Body, remote: boolean): Promise<Cleaned> => {
    if (html === null) return { html: null, withheld: null }
    return await cleaner.clean(html, remote, () => !reply.raw.destroyed)
  }

  app.get(
    '/destinations/:id/folders',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listFolders',
        summary: 'List the folders of a destination',
        description: 'INBOX first, then those with a use, then by name; each behind the one it lies in.',
        problems: ['store-unavailable'],
        params: Id,
        response: { 200: schemas.Folders },
      },
    },
    async ({ params: { id } }, reply) => ({ items: await reading(id, reply, foldersOf) }),
  )

  app.get(
    '/destinations/:id/messages',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listMessages',
        summary: 'List the messages of a folder, newest first',
        description:
          'By when they arrived, where the store sorts (RFC 5256); else, and in a folder of more than 100,000, as they came there. Of such a folder the newest 100,000 are listed.',
        problems: ['conflict', 'store-unavailable'],
        params: Id,
        querystring: schemas.MailQuery,
        response: { 200: schemas.MailList },
      },
    },
    async ({ params: { id }, query: { folder, search, unread, limit, cursor } }, reply) => {
      const after = placeIn(cursor, pagePlace)
      const wanted = { folder, search, unread, limit, after }
      const { rows, next, total, uidValidity } = await reading(id, reply, (reader) => messagesOf(reader, wanted))
      return { items: [...rows], next: cursorOf(next), total, uidValidity }
    },
  )

  app.get(
    '/destinations/:id/messages/:uid',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'readMessage',
        summary: 'Read a message',
        description: 'It stays unread.',
        problems: ['conflict', 'store-unavailable'],
        params: schemas.MailId,
        querystring: schemas.MailPlace,
        response: { 200: schemas.Mail },
      },
    },
    async ({ params, query }, reply) => {
      const place = placeOf(params, query)
      const { parts, courier, body, ...message } = await reading(params.id, reply, async (reader) => {
        const found = await messageOf(reader, place)
        return { ...found, body: await bodyOf(reader, place.uid, found.parts, { images: false }) }
      })
      const { html, withheld } = await cleanedOf(reply, body, false)
      return {
        ...message,
        uid: place.uid,
        folder: place.folder,
        text: body.text,
        html: html !== null,
        withheld,
        remote: html?.remote ?? false,
        truncated: body.truncated,
        attachments: parts.attachments.map(({ part, filename, type, size, inline }) => ({
          part,
          filename,
          type,
          size,
          inline,
        })),
        trace: courier && {
          account: courier.address,
          provider: courier.provider,
          run: courier.runId,
          gatheredAt: courier.gatheredAt,
        },
      }
    },
  )

  app.get(
    '/destinations/:id/messages/:uid/html',
    {
      config: { scope: 'read' },
      schema: {
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
    },
    async ({ params, query }, reply) => {
      const place = placeOf(params, query)
      const { remote } = query
      // What went wrong is shown in the frame as well.
      isolate(reply, `style-src 'unsafe-inline'; img-src data:${remote ? ' https: http:' : ''}`)
      const body = await reading(params.id, reply, async (reader) => {
        const { parts } = await messageOf(reader, place)
        return await bodyOf(reader, place.uid, parts, { images: true })
      })
      const { html, withheld } = await cleanedOf(reply, body, remote)
      const note = withheld === null ? '' : `<p><strong>${reportOf(withheld)}</strong></p>`
      const fragment = html?.html ?? `${note}${htmlOfText(body.text ?? '')}`
      return await reply.type('text/html; charset=utf-8').send(Buffer.from(documentOf(fragment)))
    },
  )

  app.get(
    '/destinations/:id/messages/:uid/attachments/:part',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'readAttachment',
        summary: 'Download an attachment',
        problems: ['conflict', 'store-unavailable'],
        params: schemas.MailPart,
        querystring: schemas.MailPlace,
        produces: ['application/octet-stream'],
        response: { 200: File },
      },
    },
    async ({ params, query }, reply) => {
      const { content, of } = await streaming(params.id, placeOf(params, query), params.part)
      isolate(reply)
      reply.header('content-disposition', attachmentNamed(of?.filename ?? `attachment-${params.part}`))
      return await reply.type(typeOf(of?.type)).send(content)
    },
  )

  app.get(
    '/destinations/:id/messages/:uid/source',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'readMessageSource',
        summary: 'Download a message as it is stored',
        description: 'Byte for byte, as the store shows it.',
        problems: ['conflict', 'store-unavailable'],
        params: schemas.MailId,
        querystring: schemas.MailPlace,
        produces: ['message/rfc822'],
        response: { 200: File },
      },
    },
    async ({ params, query }, reply) => {
      const { content } = await streaming(params.id, placeOf(params, query))
      isolate(reply)
      reply.header('content-disposition', attachmentNamed(`message-${params.uid}.eml`))
      return await reply.type('message/rfc822').send(content)
    },
  )

  app.patch(
    '/destinations/:id/messages/:uid',
    {
      // What is read is the mailbox's to know, not the gateway's.
      config: { scope: 'operate', audited: false },
      schema: {
        operationId: 'changeMessage',
        summary: 'Mark a message as read or flagged, or not',
        description: 'Every mail program sees it.',
        problems: ['conflict', 'store-unavailable'],
        params: schemas.MailId,
        querystring: schemas.MailPlace,
        body: schemas.MailFlags,
        response: { 200: schemas.MailFlagged },
      },
    },
    async ({ params, query, body }, reply) => {
      const place = placeOf(params, query)
      const { seen, flagged } = await reading(params.id, reply, (reader) => setFlags(reader, place, body))
      if ((body.seen ?? seen) !== seen || (body.flagged ?? flagged) !== flagged)
        throw conflict(`The store keeps these flags of the folder ${place.folder} as they are.`)
      return { uid: place.uid, seen, flagged }
    },
  )
}

interface Streamed {
  readonly content: Readable
  readonly of: Part | undefined
}

function placeOf({ uid }: { readonly uid: string }, { folder, uidValidity }: { folder: string; uidValidity?: number }) {
  return { folder, uid: Number(uid), uidValidity }
}

/** In the place of the HTML, above what there is of plain text. */
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

function problemIn(error: unknown, server: string, waits: ReadWaits): unknown {
  if (error instanceof SessionFailed) return new Problem('store-unavailable', describeAsked(error.failure))
  if (!(error instanceof Unreadable)) return error
  const { reason } = error
  switch (reason) {
    case 'no folder':
      return new Problem('not-found', 'There is no such folder in this mailbox; list its folders again.')
    case 'no message':
      return new Problem('not-found', 'This message is not in the folder any more; list the folder again.')
    case 'no part':
      return new Problem('not-found', 'The message has no such attachment; read the message for what it has.')
    case 'other UIDs':
      return conflict('The folder was made anew, and its messages have other UIDs by now; list the folder again.')
    case 'search too long':
      return new Problem(
        'store-unavailable',
        `The mail store ${server} did not get through the folder in ${waits.answerMs / 1000} s; search in a folder with fewer messages.`,
      )
    default:
      return assertNever(reason)
  }
}
