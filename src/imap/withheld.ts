/**
 * The last CRLF of an APPEND, without which a server stores nothing of it (RFC 9051 section 2.2.1). It is withheld until all before it
 * has left this process, and sent only if the lease then still holds: a worker that froze in the middle stores nothing when it thaws.
 */
import type { Writable } from 'node:stream'
import type { ImapFlow } from 'imapflow'
import { SessionFailed } from '../failure/session-failed.ts'

/** What imapflow keeps out of its types. */
interface Insides {
  /** What is left of the command; the line end goes with the last of it. */
  commandParts: unknown[]
  readonly writeSocket: Writable
  write?(part: Buffer | string): void
}

/**
 * @param send sends one command. Its last CRLF is the only thing that is sent later than it would be.
 * @throws SessionFailed `superseded` where it may not be sent any more; the connection is closed then.
 */
export async function withheld<T>(client: ImapFlow, mayCommit: () => boolean, send: () => Promise<T>): Promise<T> {
  const insides = client as unknown as Insides
  const write = Reflect.get(client, 'write') as (part: Buffer | string) => void
  let ending: Promise<void> | undefined
  let superseded = false
  insides.write = (part) => {
    if (insides.commandParts.length > 0) return write.call(client, part)
    const last = typeof part === 'string' ? Buffer.from(part, 'latin1') : part
    ending = new Promise((resolve) => {
      const { writeSocket } = insides
      writeSocket.write(last, (error) => {
        superseded = !mayCommit()
        if (superseded) client.close()
        else if (!error && !writeSocket.destroyed) write.call(client, '')
        resolve()
      })
    })
  }
  try {
    return await send()
  } catch (error) {
    await ending
    throw superseded ? new SessionFailed({ kind: 'superseded' }, error) : error
  } finally {
    // A server may refuse before it has read all: what follows on this connection must still come after the CRLF.
    await ending
    // The class's own again.
    delete insides.write
  }
}
