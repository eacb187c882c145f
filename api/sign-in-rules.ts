/** The rules of an account or `imap` destination that signs in, when it is made or changed, and what follows from a change. */
import type { Account, ServerLogin } from '../src/account/account.ts'
import type { Mistake } from '../src/account/mistake.ts'
import { tokenMistakes } from '../src/oauth/application.ts'
import { type Grant, isGrantFor } from '../src/oauth/grant.ts'
import type { Accounts } from '../src/redis/accounts.ts'
import type { OAuthApplications } from '../src/redis/oauth-applications.ts'
import type { OAuthGrants } from '../src/redis/oauth-grants.ts'
import { awaitSignIn } from '../src/redis/signed-in.ts'
import type { TokenRevocations } from '../src/redis/token-revocations.ts'
import type { Redis } from 'ioredis'
import { badRequest } from './http/problems.ts'

/** Whoever signs in has no password here. */
export function passwordMistakes(auth: string | undefined, password: string | undefined): Mistake[] {
  if (auth === 'oauth2' && password !== undefined)
    return [{ pointer: '/password', detail: 'is no field of auth "oauth2"' }]
  if (auth !== 'oauth2' && password === undefined)
    return [{ pointer: '/password', detail: 'is required', rule: 'required' }]
  return []
}

/** The password that is kept from a change on: whoever signs in from then on has none here. @param before the login, and its password sealed. */
export function keptPassword<T extends string | null>(
  { login, sealedPassword }: { readonly login: ServerLogin; readonly sealedPassword: T },
  auth: ServerLogin['auth'],
  seal: (password: string) => string,
): T | string {
  return auth === 'oauth2' && login.auth !== 'oauth2' ? seal('') : sealedPassword
}

/** @throws Problem unless its application is there, and may give tokens to where it logs in. */
export async function demandTokensMayGo(
  applications: OAuthApplications,
  login: ServerLogin,
  { guarded }: { readonly guarded?: true | undefined },
): Promise<void> {
  if (login.auth !== 'oauth2') return
  const record = await applications.get(login.oauth?.applicationId ?? '')
  const detail = 'is no application; add one with POST /api/v1/oauth/applications'
  const mistakes =
    record === undefined
      ? [{ pointer: '/oauth/applicationId', detail, rule: 'unknown' as const }]
      : tokenMistakes(record.application, login, guarded === true)
  if (mistakes.length > 0) throw badRequest(mistakes)
}

interface GrantsWorld {
  readonly redis: Redis
  readonly accounts: Accounts
  readonly grants: OAuthGrants
  readonly revocations: TokenRevocations
  readonly publicUrl: string
}

function isItsSignIn(grant: Grant | undefined, { auth, oauth, host, user }: ServerLogin): boolean {
  const applicationId = auth === 'oauth2' ? (oauth?.applicationId ?? '') : ''
  return grant?.state === 'signed in' && isGrantFor(grant, { applicationId, host, user })
}

/** Forgets a grant that was given for another user, host or application, or that nobody uses any more. @returns whether it is signed in. */
async function isSignedIn(
  { grants, revocations }: Pick<GrantsWorld, 'grants' | 'revocations'>,
  id: string,
  { auth, oauth, host, user }: ServerLogin,
): Promise<boolean> {
  const grant = await grants.get(id)
  const applicationId = auth === 'oauth2' ? (oauth?.applicationId ?? '') : ''
  const isForIt = grant !== undefined && isGrantFor(grant, { applicationId, host, user })
  if (grant !== undefined && !isForIt) revocations.ofGrant(id, await grants.remove(id))
  return isForIt && grant.state === 'signed in'
}

/** When an account that is tried from now on is due: not before somebody has signed in. */
export function dueFromNow({ paused, ...login }: Account, grant: Grant | undefined): 'now' | 'never' {
  return paused || (login.auth === 'oauth2' && !isItsSignIn(grant, login)) ? 'never' : 'now'
}

/** An account that was changed: until somebody signs in it needs attention. @param due what the change has made it. */
export async function afterAccountChange(world: GrantsWorld, account: Account, due?: 'now' | 'never'): Promise<void> {
  const { redis, accounts, publicUrl } = world
  const signedIn = await isSignedIn(world, account.id, account)
  if (account.auth !== 'oauth2') return
  if (!signedIn) return await awaitSignIn(redis, accounts, account, publicUrl)
  // Somebody has signed in at this very moment.
  if (due === 'never' && !account.paused)
    await accounts.update(account.id, (record) => ({ record, due: record.account.paused ? 'never' : 'now' }))
}

export async function afterDestinationChange(
  world: Pick<GrantsWorld, 'grants' | 'revocations'>,
  id: string,
  login: ServerLogin,
): Promise<void> {
  await isSignedIn(world, id, login)
}
