/**
 * Sends non-synchronizing literals of any size (LITERAL+, RFC 7888). imapflow does so only up to 4096 octets, as LITERAL- allows. Before
 * each larger literal it waits for the server's `+`: a round trip for each message, in the middle of a batch. It also joins a command into
 * one buffer before it sends it; here the pieces are sent unjoined.
 */
import type { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { ImapFlow } from 'imapflow'
import { limits } from '../limits.ts'
import { imapLimits } from './limits.ts'
import { execute } from './command.ts'
import { replaceSend, writePart, writeSocketOf } from './insides.ts'

/**
 * Works like `execute`, but these pieces are the arguments, with their separators and frames. imapflow's `exec()` sends before it
 * returns, unless another command is under way: a connection that appends is used by nobody else meanwhile.
 */
export async function executeWhole(client: ImapFlow, command: string, pieces: readonly Buffer[]): Promise<unknown> {
  return await executeBy(client, command, async (tag) => {
    await sendAll(client, tag, [Buffer.from(`${tag} ${command} `), ...pieces.flatMap(slicesOf)])
  })
}

/**
 * Works like `executeWhole`, with arguments that are never held whole: their last octets come from a stream, in pieces. If that fails, or has
 * another length than was announced, the connection is closed.
 */
export async function executeStreamed(
  client: ImapFlow,
  command: string,
  before: Buffer,
  { octets, pieces }: { readonly octets: number; readonly pieces: AsyncIterable<Buffer> },
): Promise<unknown> {
  return await executeBy(client, command, async (tag) => {
    try {
      await sendStream(client, tag, Buffer.concat([Buffer.from(`${tag} ${command} `), before]), { octets, pieces })
    } catch (error) {
      client.close()
      throw error
    }
  })
}

async function sendStream(
  client: ImapFlow,
  tag: string,
  before: Buffer,
  { octets, pieces }: { readonly octets: number; readonly pieces: AsyncIterable<Buffer> },
): Promise<void> {
  const socket = writeSocketOf(client)
  if (socket === undefined) return
  let part = before
  let left = octets
  for await (const piece of pieces) {
    if ((left -= piece.length) < 0) break
    writePart(client, tag, part, [piece])
    part = piece
    if (socket.writableLength >= imapLimits.unsentOctetsMax) await drained(socket)
    if (socket.destroyed) return
  }
  if (left !== 0) throw new Error(`the literal of ${octets} octets has another length`)
  writePart(client, tag, part, [])
}

async function executeBy(client: ImapFlow, command: string, send: (tag: string) => Promise<void>): Promise<unknown> {
  let sending: Promise<void> | undefined
  const restore = replaceSend(client, async (tag) => {
    sending = send(tag)
    await sending
  })
  try {
    const answer = execute(client, command, [])
    answer.catch(() => {})
    if (sending === undefined) {
      // If the session has just ended, the answer says so at once.
      await Promise.race([answer, setImmediate()])
      throw new Error(`imapflow did not send ${command} at once`)
    }
    return await answer
  } finally {
    // A server may refuse before it has read everything: later commands on this connection must still come after the rest.
    await sending?.catch(() => {})
    restore()
  }
}

/** Waits now and then until the written parts have left this process: otherwise a message of 150 MB would be encrypted at once. */
async function sendAll(client: ImapFlow, tag: string, parts: Buffer[]): Promise<void> {
  const socket = writeSocketOf(client)
  // The session has ended, and so has the command.
  if (socket === undefined) return
  socket.cork()
  try {
    for (let part = nextOf(parts); part !== undefined; part = nextOf(parts)) {
      writePart(client, tag, part, parts)
      if (socket.writableLength < imapLimits.unsentOctetsMax) continue
      socket.uncork()
      await drained(socket)
      if (socket.destroyed) return
      socket.cork()
    }
  } finally {
    socket.uncork()
  }
}

/** Takes the next part off, small ones joined: to write each by itself costs more than to copy it. */
function nextOf(parts: Buffer[]): Buffer | undefined {
  let octets = 0
  const end = parts.findIndex(({ length }) => {
    octets += length
    return length > imapLimits.joinedPartOctetsMax || octets > imapLimits.joinedOctetsMax
  })
  if (end === 0 || parts.length < 2) return parts.shift()
  return Buffer.concat(parts.splice(0, end === -1 ? parts.length : end))
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
