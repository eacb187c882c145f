/**
 * Sends a command piece by piece, so that none of it has to be joined, or held: imapflow joins a command into one buffer before it sends it.
 * A literal that the server has to ask for waits for its `+`; with LITERAL+ (RFC 7888) one of any size goes at once, where imapflow sends up to
 * 4096 octets so, as LITERAL- allows.
 */
import type { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { ImapFlow } from 'imapflow'
import { limits } from '../limits.ts'
import type { UnheldOctets } from '../pull/store-ports.ts'
import { executeAsked } from './command.ts'
import { replaceSend, writePart, writeSocketOf } from './insides.ts'
import { imapLimits } from './limits.ts'

/** Here the server's continuation request is waited for (RFC 9051 section 7.6). */
export const continuation = Symbol('continuation request')
export type CommandPiece = Buffer | typeof continuation

/** What was to be sent could not be read: the store is not at fault, and was given no whole command. */
export class SourceFailed extends Error {
  override readonly name = 'SourceFailed'
  constructor(cause: unknown) {
    super('what was to be sent could not be read', { cause })
  }
}

/**
 * Works like `execute`, but these pieces are the arguments, with their separators and frames. imapflow's `exec()` sends before it
 * returns, unless another command is under way: a connection that appends is used by nobody else meanwhile.
 *
 * @throws SourceFailed if the pieces come to no good end; the connection is closed then.
 */
export async function executePieces(
  client: ImapFlow,
  command: string,
  pieces: AsyncIterable<CommandPiece> | Iterable<CommandPiece>,
): Promise<unknown> {
  const requests = new ContinuationRequests()
  let sending: Promise<void> | undefined
  let failure: SourceFailed | undefined
  const restore = replaceSend(client, async (tag) => {
    const begin = Buffer.from(`${tag} ${command} `)
    sending = sendAll(client, tag, { pieces: following(begin, pieces), requests }).catch((error: unknown) => {
      if (error instanceof SourceFailed) {
        failure = error
        client.close()
      }
      throw error
    })
    await sending
  })
  try {
    const answer = executeAsked(client, command, () => requests.came())
    answer.catch(() => {}).finally(() => requests.end())
    if (sending === undefined) {
      // If the session has just ended, the answer says so at once.
      await Promise.race([answer, setImmediate()])
      throw new Error(`imapflow did not send ${command} at once`)
    }
    return await answer
  } catch (error) {
    throw failure ?? error
  } finally {
    // A server may refuse before it has read everything: later commands on this connection must still come after the rest.
    await sending?.catch(() => {})
    restore()
  }
}

/** A folder's name as an argument; it holds no line end (connection.ts). */
export function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, '\\$&')}"`
}

/** A literal that is shorter or longer than it was announced would make the server take text for commands. */
export async function* exactly(source: UnheldOctets): AsyncGenerator<Buffer> {
  const { octets } = source
  let left = octets
  for await (const piece of source.read()) {
    if ((left -= piece.length) < 0) break
    yield piece
  }
  if (left !== 0) throw new Error(`there are not the ${octets} octets that were announced`)
}

/** Requests that come while none is waited for, as of a server that asks for what it was to get at once, count for nothing. */
class ContinuationRequests {
  #isOver = false
  #wake: ((isGiven: boolean) => void) | undefined

  came(): void {
    this.#wake?.(true)
  }

  end(): void {
    this.#isOver = true
    this.#wake?.(false)
  }

  /** @returns false: the command has ended, as by a refusal. */
  async next(): Promise<boolean> {
    if (this.#isOver) return false
    return await new Promise((resolve) => (this.#wake = resolve))
  }
}

/** Waits now and then until the written parts have left this process: otherwise a message of 150 MB would be encrypted at once. */
async function sendAll(
  client: ImapFlow,
  tag: string,
  { pieces, requests }: { readonly pieces: AsyncIterable<CommandPiece>; readonly requests: ContinuationRequests },
): Promise<void> {
  const socket = writeSocketOf(client)
  // The session has ended, and so has the command.
  if (socket === undefined) return
  let part: Buffer | undefined
  socket.cork()
  try {
    for await (const next of joined(pieces)) {
      if (socket.destroyed) return
      if (part !== undefined) writePart(client, tag, part, [Buffer.alloc(0)])
      part = next === continuation ? undefined : next
      if (next !== continuation && socket.writableLength < imapLimits.unsentOctetsMax) continue
      socket.uncork()
      if (next !== continuation) await drained(socket)
      else if (!(await requests.next())) return
      socket.cork()
    }
    if (!socket.destroyed) writePart(client, tag, part ?? Buffer.alloc(0), [])
  } finally {
    socket.uncork()
  }
}

async function* following(
  first: Buffer,
  pieces: AsyncIterable<CommandPiece> | Iterable<CommandPiece>,
): AsyncGenerator<CommandPiece> {
  yield first
  try {
    yield* pieces
  } catch (error) {
    throw new SourceFailed(error)
  }
}

/** Joins small pieces: to write each by itself costs more than to copy it. Large ones are cut. */
async function* joined(pieces: AsyncIterable<CommandPiece>): AsyncGenerator<CommandPiece> {
  let small: Buffer[] = []
  let octets = 0
  for await (const piece of pieces) {
    const isSmall = piece !== continuation && piece.length <= imapLimits.joinedPartOctetsMax
    if (small.length > 0 && (!isSmall || octets + piece.length > imapLimits.joinedOctetsMax)) {
      yield Buffer.concat(small)
      small = []
      octets = 0
    }
    if (isSmall) {
      small.push(piece)
      octets += piece.length
    } else if (piece === continuation) yield piece
    else yield* slicesOf(piece)
  }
  if (small.length > 0) yield Buffer.concat(small)
}

function slicesOf(piece: Buffer): Buffer[] {
  if (piece.length <= imapLimits.unsentOctetsMax) return [piece]
  const count = Math.ceil(piece.length / limits.sliceOctets)
  return Array.from({ length: count }, (_, nth) =>
    piece.subarray(nth * limits.sliceOctets, (nth + 1) * limits.sliceOctets),
  )
}

async function drained(socket: Writable): Promise<void> {
  if (socket.destroyed || socket.writableLength === 0) return
  await new Promise<void>((resolve) => {
    const go = () => {
      socket.off('drain', go).off('close', go)
      resolve()
    }
    socket.on('drain', go).on('close', go)
  })
}
