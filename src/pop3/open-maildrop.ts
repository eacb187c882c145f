/** Opens sessions: in the usual way, or in the quickest one that the server is known to take (quick-login.ts). */
import type { ServerTrait } from '../account/server-traits.ts'
import { mayBeTheWay } from './quick-login.ts'
import { Pop3Session, type SessionOptions } from './session.ts'

/** Opens a session that is logged in and ready to list. */
export async function openMaildrop(options: SessionOptions): Promise<Pop3Session> {
  const session = new Pop3Session(options)
  try {
    await session.logIn()
    return session
  } catch (error) {
    session.abandon()
    throw error
  }
}

/**
 * Opens a session in the quickest way, and has it listed. If that way may be the reason why it failed, the session is opened once more in the
 * usual way. `settle` is to be called before mail is retrieved.
 */
export async function openQuickly(
  options: SessionOptions & { readonly traits: Set<ServerTrait> },
): Promise<Pop3Session> {
  const { traits, signal } = options
  const session = new Pop3Session(options)
  try {
    await session.logIn()
    await session.answers()
    if (session.isTogether) traits.add('login together')
    return session
  } catch (error) {
    const { isTogether, isAhead, loginDelayMs } = session
    session.abandon()
    if (!isAhead || signal?.aborted || !mayBeTheWay(error, traits)) throw error
    if (loginDelayMs > 0) {
      // It wants no second login so soon.
      if (isTogether) traits.add('login alone')
      throw error
    }
    const usual = await openMaildrop({ ...options, known: undefined })
    if (isTogether) traits.add('login alone')
    return usual
  }
}
