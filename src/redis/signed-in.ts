/** What follows when somebody has signed in for an account or a destination, or is signed out. */
import type { Account } from '../account/account.ts'
import { describeStop } from '../failure/sentences.ts'
import type { OAuthApplication } from '../oauth/application.ts'
import type { IssuedTokens } from '../oauth/flows.ts'
import { type Identity, isOwner } from '../oauth/identity.ts'
import type { OAuthFlow } from '../oauth/providers.ts'
import { consentOf, isGrantFor, type OAuthWarning } from '../oauth/grant.ts'
import { warningOf } from '../oauth/warnings.ts'
import type { Seal } from '../seal.ts'
import { type Accounts, defaultState } from './accounts.ts'
import { DueAccounts } from './due.ts'
import type { NewGrant, OAuthGrants } from './oauth-grants.ts'
import { protocolOf, sealedTokens, type TokenHolder } from './oauth-tokens.ts'
import type { Pauses } from './pauses.ts'
import type { PullQueue } from './queue.ts'
import { resumeSending } from './senders.ts'
import type { TokenRevocations } from './token-revocations.ts'
import type { Destinations } from './destinations.ts'
import type { Redis } from 'ioredis'

export interface SignedInWorld {
  readonly redis: Redis
  readonly seal: Seal
  readonly accounts: Accounts
  readonly grants: OAuthGrants
  readonly pauses: Pauses
  readonly queue: PullQueue
  readonly destinations: Destinations
  readonly revocations: TokenRevocations
}

export interface SignedIn {
  readonly application: OAuthApplication
  readonly flow: OAuthFlow
  readonly tokens: IssuedTokens
  readonly identity: Identity
}

/** Whether whoever has signed in is who the mailbox belongs to. */
export async function isOwnersConsent(
  { grants }: SignedInWorld,
  { id, login }: TokenHolder,
  identity: Identity,
): Promise<boolean> {
  const before = await grants.get(id)
  const same = before !== undefined && before.user === login.user && before.applicationId === login.oauth?.applicationId
  return isOwner(identity, login.user, same ? before.subject : null)
}

/**
 * Writes the grant down, and has the mailbox visited.
 *
 * @param round in which the sign-in was begun.
 * @returns what is known to go wrong with it; `over`: the mailbox was removed, changed or signed out meanwhile, and the tokens go back.
 */
export async function takeGrant(
  world: SignedInWorld,
  holder: TokenHolder,
  { application, flow, tokens, identity }: SignedIn,
  round?: string,
): Promise<{ readonly warning: OAuthWarning | null } | 'over'> {
  const { seal, grants, revocations } = world
  const { id, login } = holder
  const nowMs = Date.now()
  const warning = warningOf({ application, flow, protocol: protocolOf(holder), tokens }, nowMs)
  const grant: NewGrant = {
    applicationId: application.id,
    host: login.host,
    user: login.user,
    flow,
    signedInAs: identity.shown,
    subject: identity.subject,
    state: 'signed in',
    reason: null,
    ...sealedTokens(seal, id, tokens, { nowMs }),
    warning,
  }
  const written = await grants.take(id, grant, round)
  // Whoever changes the mailbox looks for a grant after that: one of the two sees what the other has written.
  if (written !== undefined && (await isStillThere(world, holder, grant)) && (await letIn(world, holder)))
    return { warning }
  if (written !== undefined && (await grants.get(id))?.generation === written.generation) await grants.remove(id)
  revocations.ofTokens(tokens, consentOf(grant))
  return 'over'
}

/** Whether it is the same mailbox by now, and signs in. */
async function isStillThere(
  { accounts, destinations }: SignedInWorld,
  { kind, id }: TokenHolder,
  grant: NewGrant,
): Promise<boolean> {
  const login = kind === 'account' ? (await accounts.get(id))?.account : (await destinations.get(id))?.destination
  if (login === undefined || ('kind' in login && login.kind === 'hosted') || login.auth !== 'oauth2') return false
  return isGrantFor(grant, { applicationId: login.oauth?.applicationId ?? '', host: login.host, user: login.user })
}

/** False: it was removed in this very moment. */
async function letIn({ redis, accounts, pauses, queue }: SignedInWorld, { kind, id }: TokenHolder): Promise<boolean> {
  if (kind === 'destination') {
    await queue.release(await pauses.lift(id))
    return true
  }
  const updated = await accounts.update(id, (record) => ({ record, due: record.account.paused ? 'never' : 'now' }))
  if (typeof updated !== 'string' && updated.account.paused) await accounts.setState(id, defaultState)
  if (updated !== 'unknown') await resumeSending(redis, id)
  return updated !== 'unknown'
}

/** Until somebody signs in, the account needs attention and is not due. */
export async function awaitSignIn(
  redis: Redis,
  accounts: Accounts,
  { id, user }: Pick<Account, 'id' | 'user'>,
  publicUrl: string,
): Promise<void> {
  const message = describeStop({
    kind: 'sign-in needed',
    mailbox: user,
    reason: null,
    page: `${publicUrl}/accounts/${id}`,
  })
  await accounts.setState(id, { ...defaultState, attention: true, lastFailure: { kind: 'sign-in needed', message } })
  await new DueAccounts(redis).stop(id)
}
