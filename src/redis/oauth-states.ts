/**
 * Stores what was given out for a sign-in until it comes back: the state of an authorization request, and the links to a page of ours. Each
 * lies under the hash of its secret, so that nobody who reads Redis has one. All that is open for one mailbox belongs to one round, which
 * ends when somebody has signed in for it, or has signed out.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { CodeSecrets } from '../oauth/flows.ts'
import type { GrantTerms } from '../oauth/grant.ts'
import { oauthLimits } from '../oauth/limits.ts'
import type { Seal } from '../seal.ts'
import { keys } from './key-names.ts'

/** Whom a sign-in is for. */
export interface SignInFor extends GrantTerms {
  readonly kind: 'account' | 'destination'
  readonly id: string
}

/** An authorization request that was given out. */
export interface GivenState extends SignInFor {
  /** Who was asked (RFC 9207). */
  readonly issuer: string
  /** The hash of the cookie of the browser that it was made for. */
  readonly browser: string
  /** The hash of the link by which it was made; null: by somebody who is signed in here. */
  readonly link: string | null
  /** Absent in those of earlier versions. */
  readonly round?: string
}

/** A link that was given out. */
export interface GivenLink {
  readonly to: SignInFor
  /** Its hash. */
  readonly link: string
  /** Absent in those of earlier versions. */
  readonly round?: string | undefined
}

type KeptLink = SignInFor & Pick<GivenState, 'round'>

interface KeptState extends GivenState {
  readonly sealedVerifier: string
  readonly nonce: string | null
}

const hashOf = (secret: string) => createHash('sha256').update(secret).digest('base64url')

export class OAuthStates {
  readonly #redis: Redis
  readonly #seal: Seal

  constructor(redis: Redis, seal: Seal) {
    this.#redis = redis
    this.#seal = seal
  }

  /** @param browser the cookie of the browser that it is made for. */
  async give(
    { state, verifier, nonce }: CodeSecrets,
    given: Omit<GivenState, 'browser' | 'link' | 'round'>,
    linked: GivenLink | null,
    browser: string,
  ): Promise<void> {
    const name = hashOf(state)
    const sealedVerifier = this.#seal.seal(verifier, name, 'verifier')
    const round = linked?.round ?? (await this.#round(given.id))
    const kept: KeptState = {
      ...given,
      link: linked?.link ?? null,
      round,
      browser: hashOf(browser),
      sealedVerifier,
      nonce,
    }
    await this.#redis.set(keys.oauthState(name), JSON.stringify(kept), 'PX', oauthLimits.stateLivesMs)
  }

  /**
   * Takes a state back, once.
   *
   * @param browser the cookie that came with it. Another browser's leaves the state to whom it belongs.
   * @returns undefined if it was not given out, or not to this browser, or has come back before, or is over.
   */
  async take(state: string, browser: string): Promise<{ given: GivenState; secrets: CodeSecrets } | undefined> {
    const name = hashOf(state)
    const looked = await this.#redis.get(keys.oauthState(name))
    if (looked === null || (JSON.parse(looked) as KeptState).browser !== hashOf(browser)) return undefined
    const json = await this.#redis.getdel(keys.oauthState(name))
    if (json === null) return undefined
    const { sealedVerifier, nonce, ...given } = JSON.parse(json) as KeptState
    return { given, secrets: { state, verifier: this.#seal.open(sealedVerifier, name, 'verifier'), nonce } }
  }

  /** @returns the secret of a new link, which takes the place of the one before. */
  async link(to: SignInFor): Promise<string> {
    const secret = randomBytes(24).toString('base64url')
    const link = hashOf(secret)
    const kept: KeptLink = { ...to, round: await this.#round(to.id) }
    await this.#redis.set(keys.oauthLink(link), JSON.stringify(kept), 'PX', oauthLimits.linkLivesMs)
    const before = await this.#redis.set(keys.oauthLinkOf(to.id), link, 'PX', oauthLimits.linkLivesMs, 'GET')
    if (before !== null) await this.#redis.del(keys.oauthLink(before))
    return secret
  }

  /** Undefined: there is no such link any more. */
  async linked(secret: string): Promise<GivenLink | undefined> {
    const link = hashOf(secret)
    const json = await this.#redis.get(keys.oauthLink(link))
    if (json === null) return undefined
    const { round, ...to } = JSON.parse(json) as KeptLink
    return (await this.#isOpen(to.id, round)) ? { to, link, round } : undefined
  }

  /** Whether an answer to it is taken still. */
  async isWanted({ id, link, round }: GivenState): Promise<boolean> {
    if (link !== null && (await this.#redis.exists(keys.oauthLink(link))) === 0) return false
    return await this.#isOpen(id, round)
  }

  async useUp(link: string): Promise<void> {
    await this.#redis.del(keys.oauthLink(link))
  }

  async #isOpen(id: string, round: string | undefined): Promise<boolean> {
    return round === undefined || (await this.#redis.get(keys.oauthRound(id))) === round
  }

  /** The one that is open, or a new one; it lasts for as long as a link from now on. */
  async #round(id: string): Promise<string> {
    const name = randomBytes(8).toString('hex')
    await this.#redis.set(keys.oauthRound(id), name, 'PX', oauthLimits.linkLivesMs, 'NX')
    return (await this.#redis.getex(keys.oauthRound(id), 'PX', oauthLimits.linkLivesMs)) ?? name
  }
}
