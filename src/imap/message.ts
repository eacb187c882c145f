/** One message for a reader: its heading and structure, and its parts as a stream. It is never whole in memory. */
import { Transform, type Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { imapLimits } from './limits.ts'
import { type Courier, courierOf } from '../mail/trace.ts'
import { type Heading, headingOf, peopleOf, type Person, plainText } from './heading.ts'
import { ungarbled } from './garbled.ts'
import { charsetOf, type Part, type Parts, partsOf } from './parts.ts'
import { isSiftedOut, siftFor } from './sifting.ts'
import { answered, fetchOne, open, type MessagePlace, type Reader, Unreadable } from './reading.ts'

export interface Message extends Heading {
  readonly uid: number
  readonly uidValidity: number
  readonly replyTo: Person[]
  readonly to: Person[]
  readonly cc: Person[]
  /** In what somebody writes, or has sent. */
  readonly bcc: Person[]
  /** Message-ID, in its angle brackets. */
  readonly messageId: string | null
  readonly parts: Parts
  /** It has more addresses, parts or levels, or longer names, than are read. */
  readonly incomplete: boolean
  readonly courier: Courier | null
}

/** The trace block, if there is one, stands in the first octets (CONTRACT section 7). */
const traceOctetsMax = 4096

export async function messageOf(reader: Reader, place: MessagePlace): Promise<Message> {
  const { uidValidity } = await open(reader, place)
  siftFor(reader.client, 'read')
  const bare = { flags: true, internalDate: true, size: true }
  const whole = { ...bare, envelope: true, bodyStructure: true, source: { maxLength: traceOctetsMax } }
  // It may be there, and what the store tells of it be no answer that can be read: even its flags may be too many.
  const message = await fetchOne(reader, place.uid, whole)
    .catch(async (error: unknown) => await fetchOne(reader, place.uid, unlessUnreadable(error, bare)))
    .catch(async (error: unknown) => await fetchOne(reader, place.uid, unlessUnreadable(error, { uid: true })))
  const { envelope = {}, source } = message
  const parts = partsOf(message.bodyStructure)
  const named = {
    uid: place.uid,
    charset: charsetOf(parts),
    ...headingOf(message),
    replyTo: peopleOf(envelope.replyTo),
    to: peopleOf(envelope.to),
    cc: peopleOf(envelope.cc),
    bcc: peopleOf(envelope.bcc),
    messageId: plainText(envelope.messageId),
  }
  const { uid, charset: _charset, ...heading } = (await ungarbled(reader, [named])).get(place.uid) ?? named
  return {
    ...heading,
    uid,
    uidValidity: Number(uidValidity),
    parts,
    incomplete: isSiftedOut(reader.client, message.seq) || message.bodyStructure === undefined,
    courier: source === undefined ? null : courierOf(source),
  }
}

function unlessUnreadable<T>(error: unknown, query: T): T {
  if (!(error instanceof Unreadable)) throw error
  return query
}

/**
 * Streams a decoded part, or the whole message byte for byte. The stream owns the connection while it flows: `begin` gets the connection
 * at the beginning, and the returned promise ends with the stream. If the stream is destroyed, the connection is closed.
 */
export async function streamOf(
  reader: Reader,
  place: MessagePlace,
  part: string | undefined,
  begin: (content: Readable, attachment: Part | undefined) => void,
): Promise<void> {
  await open(reader, place)
  siftFor(reader.client, 'read')
  let attachment: Part | undefined
  if (part !== undefined) {
    const { bodyStructure } = await fetchOne(reader, place.uid, { bodyStructure: true })
    attachment = partsOf(bodyStructure).attachments.find((candidate) => candidate.part === part)
    if (attachment === undefined) throw new Unreadable('no part')
  }
  const options = { uid: true, chunkSize: imapLimits.readPieceOctets, decodeText: false }
  const { content } = await answered(reader, 'FETCH', reader.client.download(String(place.uid), part, options))
  if (content === undefined) throw new Unreadable('no message')
  const stall = setTimeout(() => flow.destroy(new Error('nothing moved for too long')), reader.waits.stalledMs)
  const flow = new Transform({
    transform(chunk, _encoding, done) {
      stall.refresh()
      done(null, chunk)
    },
  })
  const end = finished(flow)
  begin(flow, attachment)
  try {
    await Promise.all([pipeline(content, flow), end])
  } finally {
    clearTimeout(stall)
  }
}
