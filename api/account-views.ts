/** Accounts as the API shows them: with their status and their sign-in. */
import type { Redis } from 'ioredis'
import type { OAuthApplications } from '../src/redis/oauth-applications.ts'
import type { OAuthGrants } from '../src/redis/oauth-grants.ts'
import type { AccountsWanted } from '../src/redis/account-index.ts'
import type { AccountRecord } from '../src/redis/account-record.ts'
import { type AccountFacts, factsOf } from '../src/redis/facts.ts'
import { accountView } from './account-view.ts'
import { unknown } from './http/problems.ts'
import { oauthStatuses } from './sign-in-status.ts'

export interface AccountViewsWorld {
  readonly redis: Redis
  readonly applications: OAuthApplications
  readonly grants: OAuthGrants
}

type Shown = ReturnType<typeof shown>

/** How those stand that are asked for; they may have been found by what was written a moment before. */
export type Standing = Pick<AccountsWanted, 'status' | 'needsPerson' | 'reason' | 'quarantined'>

function isAsked(view: Shown, { status, needsPerson, reason, quarantined }: Standing): boolean {
  return (
    (status === undefined || view.status === status) &&
    (needsPerson === undefined || view.needsPerson === needsPerson) &&
    (reason === undefined || view.reason === reason) &&
    (quarantined === undefined || view.quarantined > 0)
  )
}

export class AccountViews {
  readonly #world: AccountViewsWorld

  constructor(world: AccountViewsWorld) {
    this.#world = world
  }

  /** Shows the record that was just found or changed, and not what other requests have made of it since. */
  async of(record: AccountRecord): Promise<Shown> {
    const [facts] = await factsOf(this.#world.redis, [record.account.id])
    if (facts === undefined) throw unknown('account', record.account.id)
    return shown({ ...facts, record }, await this.#signIns([record]))
  }

  /** @returns undefined in place of those that are gone, or that are not as is asked for by now. */
  async page(ids: readonly string[], wanted: Standing): Promise<(Shown | undefined)[]> {
    const found = await factsOf(this.#world.redis, ids)
    const signIns = await this.#signIns(found.flatMap((facts) => (facts === undefined ? [] : [facts.record])))
    return found.map((facts) => {
      const view = facts && shown(facts, signIns)
      return view !== undefined && isAsked(view, wanted) ? view : undefined
    })
  }

  async #signIns(records: readonly AccountRecord[]) {
    return await oauthStatuses(
      this.#world,
      records.map(({ account }) => ({ id: account.id, login: account })),
    )
  }
}

function shown(facts: AccountFacts, signIns: Awaited<ReturnType<typeof oauthStatuses>>) {
  return Object.assign(accountView(facts), { oauth: signIns.get(facts.record.account.id) ?? null })
}
