/** Stores what accounts and destinations were given by signing in. Each write follows from the grant that was read, or is not made. */
import { createHash, randomBytes } from 'node:crypto'
import type { ChainableCommander, Redis } from 'ioredis'
import { type Consent, consentOf, type Grant, type GrantTerms } from '../oauth/grant.ts'
import { oauthLimits } from '../oauth/limits.ts'
import type { OAuthFlow } from '../oauth/providers.ts'
import { readable } from '../readable.ts'
import { keys } from './key-names.ts'
import { replaceField } from './replaced.ts'
import { script } from './scripts.ts'
import { surely } from './sure-writes.ts'

const takeGrant = script<0 | 1>('take-grant', 4)

/** A grant before it is written. */
export type NewGrant = Omit<Grant, 'generation'>

/** A sign-in that was begun. */
export interface BegunSignIn {
  /** What it was begun for; absent in those of earlier versions. */
  readonly terms?: GrantTerms
  readonly flow: OAuthFlow
  readonly untilMs: number
  /** Why it has come to nothing. */
  readonly problem?: string
}

/** Undefined for one that cannot be read: nobody is signed in. */
function grantIn(json: string | null | undefined): Grant | undefined {
  return readable<Grant>(json, 'applicationId', 'generation')
}

export class OAuthGrants {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  async get(id: string): Promise<Grant | undefined> {
    return (await this.all([id]))[0]
  }

  /** In the order of the ids. */
  async all(ids: readonly string[]): Promise<(Grant | undefined)[]> {
    if (ids.length === 0) return []
    const found = await this.#redis.hmget(keys.oauthGrants, ...ids)
    return found.map(grantIn)
  }

  /**
   * Writes a grant in place of one; resolves when the write outlives a fail-over.
   *
   * @param before undefined: in place of whatever is there.
   * @returns undefined if another one is there by now; but what a refresh brought takes the place of a refusal that the same refresh token met
   * at the same time: it was used up just then.
   */
  async put(id: string, grant: NewGrant, before?: Pick<Grant, 'generation'>): Promise<Grant | undefined> {
    if (before === undefined) return await this.take(id, grant)
    const written = generated(grant)
    const after = JSON.stringify(written)
    for (;;) {
      const json = (await this.#redis.hget(keys.oauthGrants, id)) ?? ''
      const there = grantIn(json)
      // The answer to the write before was lost.
      if (there?.generation === written.generation) return written
      const isUsedUp = grant.state === 'signed in' && before.generation === there?.refusedAfter
      if (there?.generation !== before.generation && !(there && isUsedUp)) return undefined
      if ((await surely(this.#redis, replaceField, [keys.oauthGrants], [id, json, after])) === 1) return written
    }
  }

  /**
   * Writes what a sign-in has given in place of whatever is there, and ends every other sign-in that was begun for it.
   *
   * @param round in which it was begun; '': that does not matter.
   * @returns undefined if that round is over: somebody has signed out meanwhile, or signed in.
   */
  async take(id: string, grant: NewGrant, round = ''): Promise<Grant | undefined> {
    const written = generated(grant)
    await this.#share(id, grant)
    const names = [keys.oauthGrants, keys.oauthBegun, keys.oauthDevices, keys.oauthRound(id)]
    const isTaken = await surely(this.#redis, takeGrant, names, [id, JSON.stringify(written), round])
    return isTaken === 1 ? written : undefined
  }

  /** Forgets the grant of an account or destination, and every sign-in that was begun. @returns the grant that is forgotten. */
  async remove(id: string): Promise<Grant | undefined> {
    const all = this.#redis.multi().hget(keys.oauthGrants, id).hdel(keys.oauthGrants, id)
    const [first] =
      (await all.hdel(keys.oauthBegun, id).hdel(keys.oauthDevices, id).del(keys.oauthRound(id)).exec()) ?? []
    const [error, json] = first ?? [new Error('Redis gave no answer'), null]
    if (error !== null) throw error
    return typeof json === 'string' ? grantIn(json) : undefined
  }

  async #share(id: string, grant: NewGrant): Promise<void> {
    for (const name of namesOf(consentOf(grant))) await this.#redis.sadd(keys.oauthConsent(name), id)
  }

  /** Whether any account or destination holds tokens of one of these consents; what has none by now is left out from then on. */
  async isShared(consents: readonly Consent[]): Promise<boolean> {
    for (const name of consents.flatMap(namesOf)) {
      const ids = await this.#redis.smembers(keys.oauthConsent(name))
      const grants = await this.all(ids)
      const gone = ids.filter((_id, nth) => {
        const grant = grants[nth]
        return grant === undefined || !namesOf(consentOf(grant)).includes(name)
      })
      if (gone.length > 0) await this.#redis.srem(keys.oauthConsent(name), ...gone)
      if (grants.some((grant, nth) => grant?.state === 'signed in' && !gone.includes(ids[nth] ?? ''))) return true
    }
    return false
  }

  /** Whether anybody is signed in by this application. */
  async isUsed(applicationId: string): Promise<boolean> {
    let cursor = '0'
    do {
      const [next, flat] = await this.#redis.hscan(keys.oauthGrants, cursor, 'COUNT', 200)
      for (let nth = 1; nth < flat.length; nth += 2)
        if (grantIn(flat[nth])?.applicationId === applicationId) return true
      cursor = next
    } while (cursor !== '0')
    return false
  }

  async begun(id: string, sign: BegunSignIn): Promise<void> {
    await this.#redis.hset(keys.oauthBegun, id, JSON.stringify(sign))
  }

  /** Notes why a sign-in has come to nothing, for whoever asks how far it is. What was granted before stays. */
  async refused(
    id: string,
    { applicationId, host, user }: GrantTerms,
    flow: OAuthFlow,
    problem: string,
  ): Promise<void> {
    await this.begun(id, {
      terms: { applicationId, host, user },
      flow,
      untilMs: Date.now() + oauthLimits.problemKeptMs,
      problem,
    })
  }

  async ended(id: string): Promise<void> {
    await this.#redis.hdel(keys.oauthBegun, id)
  }

  /** Those that were begun and are not over, in the order of the ids. */
  async allBegun(ids: readonly string[], nowMs: number): Promise<(BegunSignIn | undefined)[]> {
    if (ids.length === 0) return []
    const found = await this.#redis.hmget(keys.oauthBegun, ...ids)
    return found.map((json) => {
      const begun = json === null ? undefined : (JSON.parse(json) as BegunSignIn)
      return begun !== undefined && begun.untilMs > nowMs ? begun : undefined
    })
  }
}

function generated(grant: NewGrant): Grant {
  return { ...grant, generation: randomBytes(8).toString('hex') }
}

/** Each consent is found by each name, and by the subject, of whoever gave it. */
function namesOf({ applicationId, names, subject }: Consent): string[] {
  const whose = names.map((name) => name.normalize('NFC').toLowerCase())
  const all = [...whose, ...(subject === null ? [] : [JSON.stringify([subject.issuer, subject.sub])])]
  return [...new Set(all)].map((name) => createHash('sha256').update(`${applicationId}\0${name}`).digest('base64url'))
}

/** Makes the sets by which consents are found, of what a backup holds. */
export function addConsents(pipeline: ChainableCommander, id: string, json: string): void {
  for (const name of namesOf(consentOf(JSON.parse(json) as Grant))) pipeline.sadd(keys.oauthConsent(name), id)
}
