/** Waits until a socket is connected, or secure, and turns every obstacle into a failure. */
import type { Socket } from 'node:net'
import { pending, withDeadline } from '../deadline.ts'
import { type Phase, phaseWords } from '../failure/phase.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { endReason } from '../failure/socket-reasons.ts'
import { abortFailure, failureOfSocket } from './socket-failure.ts'

/** Waits until a socket has reached a milestone. If an error prevents that, the socket is destroyed and the error is thrown. */
export async function reach(
  socket: Socket,
  milestone: 'connect' | 'secureConnect',
  { server, during, waitMs }: { readonly server: string; readonly during: Phase; readonly waitMs: number },
  signal?: AbortSignal,
): Promise<void> {
  const { promise, resolve, reject } = pending()
  const onReached = () => resolve()
  const onError = (error: Error) => {
    const failure = failureOfSocket(server, error)
    const isHandshake = milestone === 'secureConnect' && failure.kind === 'unreachable'
    const where = isHandshake ? { reason: `${endReason(error)} during ${phaseWords(during)}`, during } : {}
    reject(new SessionFailed({ ...failure, ...where }))
  }
  const onClose = () => {
    const reason = `the connection was closed during ${phaseWords(during)}`
    const where = milestone === 'secureConnect' ? { during } : {}
    reject(new SessionFailed({ kind: 'unreachable', server, reason, ...where }))
  }
  // An 'error' without a listener ends the process, and the socket is handed on after this.
  socket.on('error', () => {})
  socket.on('error', onError).on('close', onClose).on(milestone, onReached)
  try {
    const late = () => new SessionFailed({ kind: 'silent', server, during, waitedMs: waitMs })
    await withDeadline(promise, { waitMs, signal, late })
  } catch (error) {
    socket.destroy()
    // If it is no failure of the socket, it is the signal's reason.
    throw error instanceof SessionFailed ? error : new SessionFailed(abortFailure(error))
  } finally {
    socket.off('error', onError).off('close', onClose).off(milestone, onReached)
  }
}
