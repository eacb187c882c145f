/**
 * Withholds the last CRLF of an APPEND, without which a server stores nothing of it (RFC 9051 section 2.2.1). The CRLF is sent once
 * everything before it has left this process, and only if the lease still holds: a worker that froze in the middle stores nothing when it
 * thaws.
 */
import type { ImapFlow } from 'imapflow'
import { SessionFailed } from '../failure/session-failed.ts'
import { holdLastPart, writeSocketOf } from './insides.ts'

/**
 * @param send sends one command. Only its last CRLF is sent later than usual.
 * @throws SessionFailed `superseded` if the CRLF may not be sent any more; the connection is closed then.
 */
export async function withheld<T>(client: ImapFlow, mayCommit: () => boolean, send: () => Promise<T>): Promise<T> {
  let ending: Promise<void> | undefined
  let superseded = false
  const restore = holdLastPart(client, (last, end) => {
    const socket = writeSocketOf(client)
    // The session has ended, and so has the command.
    if (socket === undefined) return
    ending = new Promise((resolve) => {
      socket.write(last, (error) => {
        try {
          superseded = !mayCommit()
          if (superseded) client.close()
          else if (!error && !socket.destroyed) end()
        } catch {
          // The server has said BYE and reads on. Nobody would catch an error that is thrown here; closing fails the command.
          client.close()
        } finally {
          resolve()
        }
      })
    })
  })
  try {
    return await send()
  } catch (error) {
    await ending
    throw superseded ? new SessionFailed({ kind: 'superseded' }, error) : error
  } finally {
    // A server may refuse before it has read everything: later commands on this connection must still come after the CRLF.
    await ending
    restore()
  }
}
