/** How far the sign-in of an account or a destination is, as the API shows it. */
import type { ServerLogin } from '../src/account/account.ts'
import { type Grant, isGrantFor } from '../src/oauth/grant.ts'
import type { OAuthApplications } from '../src/redis/oauth-applications.ts'
import type { BegunSignIn, OAuthGrants } from '../src/redis/oauth-grants.ts'
import type { OAuthStatus } from './schemas/oauth.ts'

export interface OAuthStatusWorld {
  readonly applications: OAuthApplications
  readonly grants: OAuthGrants
}

interface Holder {
  readonly id: string
  readonly login: ServerLogin
}

/** By id; of those that sign in. */
export async function oauthStatuses(
  { applications, grants }: OAuthStatusWorld,
  holders: readonly Holder[],
): Promise<Map<string, OAuthStatus>> {
  const signing = holders.filter(({ login }) => login.auth === 'oauth2')
  if (signing.length === 0) return new Map()
  const ids = signing.map(({ id }) => id)
  const [all, granted, begun] = await Promise.all([
    applications.all(),
    grants.all(ids),
    grants.allBegun(ids, Date.now()),
  ])
  const providerOf = new Map(all.map(({ application }) => [application.id, application.provider]))
  return new Map(
    signing.map(({ id, login }, nth) => {
      const applicationId = login.oauth?.applicationId ?? ''
      const provider = providerOf.get(applicationId) ?? null
      return [id, { applicationId, provider, ...progressOf(login, granted[nth], begun[nth]) }]
    }),
  )
}

export async function oauthStatusOf(world: OAuthStatusWorld, id: string, login: ServerLogin): Promise<OAuthStatus> {
  const status = (await oauthStatuses(world, [{ id, login }])).get(id)
  if (status === undefined) throw new Error(`${id} does not sign in`)
  return status
}

type Progress = Omit<OAuthStatus, 'applicationId' | 'provider'>
const signedOut: Progress = { signedInAs: null, state: 'signed out', expiresAt: null, warning: null, reason: null }

function progressOf(
  { host, user, oauth }: ServerLogin,
  grant: Grant | undefined,
  latest: BegunSignIn | undefined,
): Progress {
  const terms = { host, user, applicationId: oauth?.applicationId ?? '' }
  const isOurs = grant !== undefined && isGrantFor(grant, terms)
  // One that was begun for another user, host or application is over.
  const begun = latest?.terms === undefined || isGrantFor(latest.terms, terms) ? latest : undefined
  if (isOurs && grant.state === 'signed in') {
    const { signedInAs, refreshUntilMs, warning } = grant
    return {
      signedInAs,
      state: 'signed in',
      expiresAt: refreshUntilMs === null ? null : new Date(refreshUntilMs).toISOString(),
      warning: warning === null ? null : { code: warning.code, at: new Date(warning.atMs).toISOString() },
      // Of one that came later: whoever was signed in before still is.
      reason: begun?.problem ?? null,
    }
  }
  if (begun?.problem !== undefined) return { ...signedOut, state: 'refused', reason: begun.problem }
  if (begun !== undefined) return { ...signedOut, state: 'waiting' }
  return isOurs ? { ...signedOut, signedInAs: grant.signedInAs, state: 'refused', reason: grant.reason } : signedOut
}
