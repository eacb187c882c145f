/** Reads our trace lines back from a store's folders. It uses a connection of its own, because it SELECTs; a connection that appends never does. */
import type { FetchMessageObject, FetchQueryObject, ImapFlow, MailboxObject } from 'imapflow'
import { packMessageRange } from 'imapflow/lib/tools.js'
import { SessionFailed } from '../failure/session-failed.ts'
import { limits } from '../limits.ts'
import { fieldsOf, headerFingerprint } from '../mail/header.ts'
import { messageDigest, digestOfPieces } from '../mail/octets.ts'
import { traceEnd, traceOf } from '../mail/trace.ts'
import type { Original, TracedFolder, TraceLine, Traces } from '../pull/trace-ports.ts'
import { within } from './command.ts'
import { pathOf, serverOf } from './connection.ts'
import { isStaging, openToLook } from './folder.ts'
import { imapLimits } from './limits.ts'
import { failed } from './trouble.ts'

const during = 'reading back'

/** Our trace block is shorter: an address has 320 octets, a host name 253. */
const traceOctetsMax = 2048
const pieceOctets = 4 * limits.sliceOctets

export class StoreTraces implements Traces {
  readonly #session: TracesSession
  /** The account's own folder. If it exists and is closed to us, it may hold the messages that we look for. */
  #own: string | undefined

  constructor(client: ImapFlow, signal?: AbortSignal) {
    this.#session = new TracesSession(client, signal)
  }

  async folders(first: string): Promise<readonly string[]> {
    const { client } = this.#session
    this.#own = pathOf(client, first)
    const listed = await this.#session.answered(client.list())
    const usable = listed.filter(({ flags }) => !flags.has('\\Noselect') && !flags.has('\\NonExistent'))
    // Messages in staging are recovered in another way (docs/decisions/0013).
    const others = usable.map(({ path }) => path).filter((path) => path !== this.#own && !isStaging(path))
    return [this.#own, ...others]
  }

  async open(path: string): Promise<TracedFolder | undefined> {
    const { client } = this.#session
    const isOwn = path === this.#own
    const opening = openToLook(client, path, { isOwn, during })
    const mailbox = await this.#session.answered(opening, imapLimits.storeReplyWaitMs)
    return mailbox && new StoreFolder(this.#session, mailbox)
  }

  close(): void {
    this.#session.client.close()
  }
}

/** The connection. Each answer comes in time, or fails with the failure of a run. */
class TracesSession {
  readonly client: ImapFlow
  readonly #signal: AbortSignal | undefined

  constructor(client: ImapFlow, signal: AbortSignal | undefined) {
    this.client = client
    this.#signal = signal
  }

  async answered<T>(work: Promise<T>, waitMs: number = imapLimits.appendWaitMs): Promise<T> {
    try {
      return await within(this.client, work, { waitMs, during, signal: this.#signal })
    } catch (error) {
      if (this.#signal?.aborted) throw error
      throw failed(error, serverOf(this.client), during)
    }
  }

  async *rows(uids: readonly number[], query: FetchQueryObject): AsyncGenerator<FetchMessageObject> {
    if (uids.length === 0) return
    const fetched = this.client.fetch(packMessageRange([...uids]), { ...query, uid: true }, { uid: true })
    const endMs = performance.now() + imapLimits.searchWaitMs
    try {
      for (;;) {
        const leftMs = Math.max(0, endMs - performance.now())
        const next = await this.answered(fetched.next(), Math.min(imapLimits.appendWaitMs, leftMs))
        if (next.done) return
        yield next.value
      }
    } finally {
      await fetched.return(undefined)
    }
  }

  /** Reads a message in pieces: it may have 150 MB. */
  async *pieces(uid: number, from: number, size: number): AsyncGenerator<Buffer> {
    for (let at = from; at < size; ) {
      let piece: Buffer | undefined
      for await (const { source } of this.rows([uid], { source: { start: at, maxLength: pieceOctets } })) piece = source
      if (piece === undefined || piece.length === 0) return
      yield piece
      at += piece.length
    }
  }
}

class StoreFolder implements TracedFolder {
  readonly path: string
  readonly uidValidity: number
  readonly uidNext: number | undefined
  readonly #session: TracesSession
  readonly #messages: number

  constructor(session: TracesSession, { path, uidValidity, uidNext, exists }: MailboxObject) {
    this.path = path
    this.uidValidity = Number(uidValidity)
    this.uidNext = uidNext || undefined
    this.#session = session
    this.#messages = exists
  }

  async uids(from: number): Promise<readonly number[]> {
    if (this.#messages === 0 || (this.uidNext !== undefined && from >= this.uidNext)) return []
    const found = await this.#session.answered(this.#session.client.search({ uid: `${from}:*` }, { uid: true }))
    if (!Array.isArray(found)) throw new SessionFailed({ kind: 'store refused', during, reply: 'no answer to SEARCH' })
    // `n:*` names the last message even if its UID is smaller than n (RFC 9051 section 9).
    return found.filter((uid) => uid >= from).toSorted((a, b) => a - b)
  }

  async *lines(uids: readonly number[]): AsyncGenerator<TraceLine> {
    const query = { headers: ['x-tributary-id', 'message-id', 'date'] }
    for await (const { uid, headers } of this.#session.rows(uids, query)) {
      const trace = headers && traceOf(headers)
      if (trace !== undefined) yield { uid, ...trace, weak: headerFingerprint(fieldsOf(headers as Buffer)).weak }
    }
  }

  async *originals(uids: readonly number[], withDigest: (uid: number) => boolean): AsyncGenerator<Original> {
    const session = this.#session
    const bare = uids.filter((uid) => !withDigest(uid))
    const head = { size: true, source: { maxLength: traceOctetsMax } }
    for await (const { uid, size = 0, source } of session.rows(bare, head))
      yield { uid, octets: size - (source === undefined ? 0 : traceEnd(source)), digest: undefined }
    const large: { readonly uid: number; readonly size: number; readonly from: number }[] = []
    const slice = { size: true, source: { maxLength: limits.sliceOctets } }
    for await (const { uid, size = 0, source } of session.rows(uids.filter(withDigest), slice)) {
      const from = source === undefined ? 0 : traceEnd(source)
      // No other command may be sent before this one has ended.
      if (source === undefined || source.length < size) large.push({ uid, size, from })
      else yield { uid, octets: size - from, digest: await messageDigest(source.subarray(from)) }
    }
    for (const { uid, size, from } of large)
      yield { uid, octets: size - from, digest: await digestOfPieces(session.pieces(uid, from, size)) }
  }
}
