/** Finds what somebody signs in for: an account, or a destination elsewhere. */
import { loginDefaults } from '../src/account/login.ts'
import type { Accounts } from '../src/redis/accounts.ts'
import type { Destinations } from '../src/redis/destinations.ts'
import type { OAuthApplications, ApplicationRecord } from '../src/redis/oauth-applications.ts'
import type { SignInFor } from '../src/redis/oauth-states.ts'
import type { TokenHolder } from '../src/redis/oauth-tokens.ts'
import { conflict, unknown } from './http/problems.ts'

export interface HoldersWorld {
  readonly accounts: Accounts
  readonly destinations: Destinations
  readonly applications: OAuthApplications
}

export interface SignInHolder extends TokenHolder {
  /** The mailbox whose mail is meant, for people. */
  readonly mailbox: string
  /** The mailbox that its mail goes into, for people; null: mail goes into it. */
  readonly into: string | null
}

/** Undefined: there is none, or no longer. */
export async function holderOf(
  { accounts, destinations }: HoldersWorld,
  kind: TokenHolder['kind'],
  id: string,
): Promise<SignInHolder | undefined> {
  if (kind === 'account') {
    const record = await accounts.get(id)
    if (record === undefined) return undefined
    const { account, guarded } = record
    const destination = (await destinations.get(account.destinationId))?.destination
    const into =
      destination?.kind === 'hosted' ? destination.login : `${destination?.user ?? ''} (${destination?.host ?? ''})`
    return { kind, id, login: account, guarded: guarded === true, mailbox: account.user, into }
  }
  const record = await destinations.get(id)
  if (record?.destination.kind !== 'imap') return undefined
  return {
    kind,
    id,
    login: record.destination,
    guarded: record.guarded === true,
    mailbox: record.destination.user,
    into: null,
  }
}

/** @throws Problem unless it is there, and signs in by OAuth. */
export async function demandHolder(
  world: HoldersWorld,
  kind: TokenHolder['kind'],
  id: string,
): Promise<{ readonly holder: SignInHolder; readonly application: ApplicationRecord }> {
  const holder = await holderOf(world, kind, id)
  if (holder === undefined) throw unknown(kind, id)
  const { auth = loginDefaults.auth, oauth } = holder.login
  if (auth !== 'oauth2') throw conflict(`The ${kind} ${id} logs in with a password; set auth to "oauth2" first.`)
  const application = await world.applications.get(oauth?.applicationId ?? '')
  if (application === undefined)
    throw conflict(`The application ${oauth?.applicationId ?? ''} of the ${kind} ${id} is gone; set another one.`)
  return { holder, application }
}

export function termsOf({ kind, id, login }: TokenHolder): SignInFor {
  return { kind, id, applicationId: login.oauth?.applicationId ?? '', host: login.host, user: login.user }
}
