/** As whom a mailbox may send, and of each of its other addresses why not. */
import type { Accounts } from '../../src/redis/accounts.ts'
import { whyNotSent } from '../../src/send/identity.ts'
import type { PermittedSender } from '../../src/send/sender.ts'
import { sendersOf } from '../routes/identities.ts'

export async function permittedSenders(accounts: Accounts, destinationId: string): Promise<PermittedSender[]> {
  const senders = await sendersOf(accounts, destinationId)
  return senders.map(({ account: { address } }) => {
    const reason = whyNotSent(senders, address) ?? null
    return { address, state: reason === null ? 'verified' : 'refused', reason }
  })
}
