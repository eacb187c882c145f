/** Reads our trace lines back from a store's folders, on a connection of its own: it SELECTs, which one that appends never does. */
import type { FetchMessageObject, FetchQueryObject, ImapFlow } from 'imapflow'
import { pausesDestination } from '../failure/consequence.ts'
import { fieldsOf, fingerprintOf } from '../mail/header.ts'
import { limits } from '../limits.ts'
import { imapLimits } from './limits.ts'
import { digestOf, digestOfPieces } from '../mail/octets.ts'
import type { Original, TracedFolder, TraceLine, Traces } from '../pull/trace-ports.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { traceEnd, traceOf } from '../mail/trace.ts'
import { codeOf, execute, isRefusal, within } from './command.ts'
import { pathOf, serverOf } from './connection.ts'
import { isStaging } from './folder.ts'
import { failed, troubleOf } from './trouble.ts'

const during = 'reading back'

export function tracesOf(client: ImapFlow, signal?: AbortSignal): Traces {
  const server = serverOf(client)
  const answered = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await within(client, imapLimits.appendWaitMs, during, work, signal)
    } catch (error) {
      if (signal?.aborted) throw error
      throw failed(error, server, during)
    }
  }
  /** The account's own folder: one that is there and closed to us may hold what we look for. */
  let own: string | undefined

  async function* rows(uids: readonly number[], query: FetchQueryObject): AsyncGenerator<FetchMessageObject> {
    if (uids.length === 0) return
    const fetched = client.fetch(setOf(uids), { ...query, uid: true }, { uid: true })
    try {
      for (;;) {
        const next = await answered(fetched.next())
        if (next.done) return
        yield next.value
      }
    } finally {
      await fetched.return(undefined)
    }
  }

  async function* lines(uids: readonly number[]): AsyncGenerator<TraceLine> {
    for await (const { uid, headers } of rows(uids, { headers: ['x-tributary-id', 'message-id', 'date'] })) {
      const trace = headers && traceOf(headers)
      if (trace !== undefined) yield { uid, ...trace, weak: fingerprintOf(fieldsOf(headers as Buffer)).weak }
    }
  }

  async function* originals(uids: readonly number[], withDigest: (uid: number) => boolean): AsyncGenerator<Original> {
    const known = uids.filter((uid) => !withDigest(uid))
    for await (const { uid, size = 0, source } of rows(known, { size: true, source: { maxLength: traceOctetsMax } }))
      yield { uid, octets: size - (source === undefined ? 0 : traceEnd(source)), digest: undefined }
    const large: { readonly uid: number; readonly size: number; readonly from: number }[] = []
    const read = { size: true, source: { maxLength: limits.sliceOctets } }
    for await (const { uid, size = 0, source } of rows(uids.filter(withDigest), read)) {
      const from = source === undefined ? 0 : traceEnd(source)
      // No other command may be sent before this one has ended.
      if (source === undefined || source.length < size) large.push({ uid, size, from })
      else yield { uid, octets: size - from, digest: await digestOf(source.subarray(from)) }
    }
    for (const { uid, size, from } of large)
      yield { uid, octets: size - from, digest: await digestOfPieces(pieces(uid, from, size)) }
  }

  /** A message may have 150 MB. */
  async function* pieces(uid: number, from: number, size: number): AsyncGenerator<Buffer> {
    for (let at = from; at < size; ) {
      let piece: Buffer | undefined
      for await (const { source } of rows([uid], { source: { start: at, maxLength: pieceOctets } })) piece = source
      if (piece === undefined || piece.length === 0) return
      yield piece
      at += piece.length
    }
  }

  return {
    async folders(first) {
      own = pathOf(client, first)
      const listed = await answered(client.list())
      const usable = listed.filter(({ flags }) => !flags.has('\\Noselect') && !flags.has('\\NonExistent'))
      // What is in staging is recovered otherwise (docs/decisions/0013).
      const others = usable.map(({ path }) => path).filter((path) => path !== own && !isStaging(path))
      return [own, ...others]
    },
    async open(path): Promise<TracedFolder | undefined> {
      try {
        await within(client, imapLimits.storeReplyWaitMs, during, client.mailboxOpen(path, { readOnly: true }), signal)
        // Courier shows a new message only after NOOP.
        await within(client, imapLimits.storeReplyWaitMs, during, execute(client, 'NOOP', []), signal)
      } catch (error) {
        if (signal?.aborted) throw error
        const missing = isRefusal(error) && ['NONEXISTENT', 'TRYCREATE'].includes(codeOf(error))
        if (missing) return undefined
        const trouble = troubleOf(error, server, during)
        const others = isRefusal(error) && path !== own && (trouble === undefined || !pausesDestination(trouble))
        if (others || (isRefusal(error) && path === own && trouble === undefined && !(await isListed(path))))
          return undefined
        throw failed(error, server, during)
      }
      const { mailbox } = client
      if (!mailbox) throw new SessionFailed({ kind: 'store unreachable', reason: `${server} ended the session` })
      const { uidNext, uidValidity, exists } = mailbox
      return {
        path,
        uidValidity: Number(uidValidity),
        uidNext: uidNext || undefined,
        async uids(from) {
          if (exists === 0 || (uidNext > 0 && from >= uidNext)) return []
          const found = await answered(client.search({ uid: `${from}:*` }, { uid: true }))
          if (!Array.isArray(found))
            throw new SessionFailed({ kind: 'store refused', during, reply: 'no answer to SEARCH' })
          // `n:*` names the last message even where that stands before n (RFC 9051 section 9).
          return found.filter((uid) => uid >= from).toSorted((a, b) => a - b)
        },
        lines,
        originals,
      }
    },
    close: () => client.close(),
  }

  async function isListed(path: string): Promise<boolean> {
    return (await answered(client.list())).some((folder) => folder.path === path)
  }
}

/** Our trace block is shorter: an address has 320 octets, a host name 253. */
const traceOctetsMax = 2048
const pieceOctets = 4 * limits.sliceOctets

/** A UID set (RFC 9051 `sequence-set`) of ascending UIDs. */
function setOf(uids: readonly number[]): string {
  const ranges: string[] = []
  for (let nth = 0; nth < uids.length; ) {
    let last = nth
    while (uids[last + 1] === (uids[last] ?? 0) + 1) last += 1
    ranges.push(last === nth ? `${uids[nth]}` : `${uids[nth]}:${uids[last]}`)
    nth = last + 1
  }
  return ranges.join(',')
}
