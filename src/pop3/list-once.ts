/** Lists a maildrop in a session of its own. Nothing is retrieved, marked or deleted. */
import { SessionFailed } from '../failure/session-failed.ts'
import type { MaildropListing } from '../mail/listing.ts'
import { pop3Limits } from './limits.ts'
import { Pop3Session, type SessionOptions } from './session.ts'

const patience = { connectMs: pop3Limits.testConnectWaitMs }

/** @returns undefined if the provider does not let us in, or does not list the maildrop before `options.signal` is aborted. */
export async function listOnce(options: SessionOptions): Promise<MaildropListing | undefined> {
  const session = new Pop3Session({ ...options, waits: { ...patience, ...options.waits } })
  try {
    await session.logIn()
    const messages = await session.list()
    await session.quit().catch(() => {})
    return messages
  } catch (error) {
    if (error instanceof SessionFailed || options.signal?.aborted) return undefined
    throw error
  } finally {
    session.abandon()
  }
}
