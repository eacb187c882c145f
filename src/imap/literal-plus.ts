/**
 * Non-synchronizing literals of any size (LITERAL+, RFC 7888). imapflow sends only those of up to 4096 octets so, as LITERAL-
 * allows, and before each larger one waits for the server's `+`: a round trip a message, in the middle of a batch. It also
 * joins a command into one buffer before it sends it; here the pieces go as they are.
 */
import type { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { ImapFlow } from 'imapflow'
import { limits } from '../limits.ts'
import { imapLimits } from './limits.ts'
import { execute } from './command.ts'

/** What imapflow keeps out of its types. */
interface Insides {
  commandParts: Buffer[]
  readonly currentRequest?: { readonly tag: string; sent?: boolean }
  readonly writeSocket: Writable
  /** Writes one part; the line end of the command goes with the last of `commandParts`. */
  write(part: Buffer): void
  send?(request: { readonly tag: string }): Promise<void>
}

/**
 * As `execute`, with these pieces for arguments, separated and framed as they stand. imapflow's `exec()` sends before it
 * returns, unless another command is under way: a connection that appends is nobody else's meanwhile.
 */
export async function executeWhole(client: ImapFlow, command: string, pieces: readonly Buffer[]): Promise<unknown> {
  const insides = client as unknown as Insides
  let sending: Promise<void> | undefined
  insides.send = async ({ tag }) => {
    sending = sendAll(insides, tag, [Buffer.from(`${tag} ${command} `), ...pieces.flatMap(slicesOf)])
    await sending
  }
  try {
    const answer = execute(client, command, [])
    answer.catch(() => {})
    if (sending === undefined) {
      // Where the session has ended just now the answer says so at once.
      await Promise.race([answer, setImmediate()])
      throw new Error(`imapflow did not send ${command} at once`)
    }
    return await answer
  } finally {
    // A server may refuse before it has read all: what follows on this connection must still come after it.
    await sending?.catch(() => {})
    // The class's own again.
    delete insides.send
  }
}

/** Waits now and then until what lies there has gone: a message of 150 MB would be encrypted in one go. */
async function sendAll(insides: Insides, tag: string, parts: Buffer[]): Promise<void> {
  const { writeSocket } = insides
  writeSocket.cork()
  try {
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      // Each time: an answer that comes before all is sent makes imapflow forget what is left.
      insides.commandParts = parts
      insides.write(part)
      // From here on the answer with that tag counts.
      if (insides.currentRequest?.tag === tag) insides.currentRequest.sent = true
      if (writeSocket.writableLength < imapLimits.unsentOctetsMax) continue
      writeSocket.uncork()
      await drained(writeSocket)
      if (writeSocket.destroyed) return
      writeSocket.cork()
    }
  } finally {
    writeSocket.uncork()
  }
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
