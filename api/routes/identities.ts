/** `/destinations/:id/identities`: the addresses as which a mailbox sends (CONTRACT section 11). */
import type { Accounts } from '../../src/redis/accounts.ts'
import type { Destinations } from '../../src/redis/destinations.ts'
import { identitiesOf, type SendingAccount, type SendingIdentity } from '../../src/send/identity.ts'
import type { App } from '../app.ts'
import { findDestination } from '../http/found.ts'
import { route } from '../http/route.ts'
import { Id } from '../schemas/requests.ts'
import * as schemas from '../schemas/sending.ts'

export interface IdentitiesWorld {
  readonly accounts: Accounts
  readonly destinations: Destinations
}

export async function identityRoutes(app: App, { accounts, destinations }: IdentitiesWorld): Promise<void> {
  app.get('/destinations/:id/identities', listIdentities, async ({ params: { id } }) => {
    await findDestination(destinations, id)
    return { items: identitiesOf(await sendersOf(accounts, id)).map(identityView) }
  })
}

const listIdentities = route(
  { scope: 'read' },
  {
    operationId: 'listIdentities',
    summary: 'List the addresses as which a mailbox sends',
    description:
      'One for each of its accounts that has an SMTP server, in the order in which they were registered. Wherever an identity is wanted it is named by its account or by its address.',
    params: Id,
    response: { 200: schemas.Identities },
  },
)

function identityView({ testedAtMs, ...identity }: SendingIdentity) {
  return { ...identity, testedAt: testedAtMs === null ? null : new Date(testedAtMs).toISOString() }
}

/** The accounts of a destination, with what is known of their addresses. */
export async function sendersOf(accounts: Accounts, destinationId: string): Promise<SendingAccount[]> {
  const senders: SendingAccount[] = []
  for await (const records of accounts.everyone({ sort: 'createdAt', destinationId })) senders.push(...records)
  return senders
}
