/** Finds out whether a POP3 server answers: greeting, TLS as asked for, CAPA, QUIT. It does not log in. */
import { underSignals } from '../deadline.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import type { Endpoint } from './dial.ts'
import { Pop3Session } from './session.ts'

export async function answers(endpoint: Endpoint, waitMs: number): Promise<boolean> {
  return await underSignals([], async (signal) => await answersUnder(signal, endpoint), waitMs)
}

async function answersUnder(signal: AbortSignal, endpoint: Endpoint): Promise<boolean> {
  const session = new Pop3Session({ ...endpoint, user: '', password: '', signal })
  try {
    await session.connect()
    await session.quit()
    return true
  } catch (error) {
    if (!(error instanceof SessionFailed)) throw error
    return false
  } finally {
    session.abandon()
  }
}
