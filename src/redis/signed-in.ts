/** What follows when somebody has signed in for an account or a destination, or is signed out. */
import type { Account } from '../account/account.ts'
import { describeStop } from '../failure/sentences.ts'
import type { OAuthApplication } from '../oauth/application.ts'
import type { IssuedTokens } from '../oauth/flows.ts'
import { type Identity, isOwner } from '../oauth/identity.ts'
import type { OAuthFlow } from '../oauth/providers.ts'
import type { OAuthWarning } from '../oauth/grant.ts'
import { warningOf } from '../oauth/warnings.ts'
import type { Seal } from '../seal.ts'
import { type Accounts, defaultState } from './accounts.ts'
import { DueAccounts } from './due.ts'
import type { OAuthGrants } from './oauth-grants.ts'
import { protocolOf, sealedTokens, type TokenHolder } from './oauth-tokens.ts'
import type { Pauses } from './pauses.ts'
import type { PullQueue } from './queue.ts'
import type { Redis } from 'ioredis'

export interface SignedInWorld {
  readonly redis: Redis
  readonly seal: Seal
  readonly accounts: Accounts
  readonly grants: OAuthGrants
  readonly pauses: Pauses
  readonly queue: PullQueue
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

/** Writes the grant down, and has the mailbox visited. @returns what is known to go wrong with it. */
export async function takeGrant(
  world: SignedInWorld,
  holder: TokenHolder,
  { application, flow, tokens, identity }: SignedIn,
): Promise<OAuthWarning | null> {
  const { seal, grants } = world
  const { id, login } = holder
  const nowMs = Date.now()
  const warning = warningOf({ application, flow, protocol: protocolOf(holder), tokens }, nowMs)
  await grants.put(id, {
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
  })
  await letIn(world, holder)
  return warning
}

async function letIn({ accounts, grants, pauses, queue }: SignedInWorld, { kind, id }: TokenHolder): Promise<void> {
  if (kind === 'destination') return await queue.release(await pauses.lift(id))
  const updated = await accounts.update(id, (record) => ({ record, due: record.account.paused ? 'never' : 'now' }))
  // It was removed in this very moment.
  if (updated === 'unknown') return void (await grants.remove(id))
  if (typeof updated !== 'string' && updated.account.paused) await accounts.setState(id, defaultState)
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
