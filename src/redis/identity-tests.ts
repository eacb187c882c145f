/** Sees among what a run stores the mail by which an address is tested, and notes that it has come back. It neither holds the run up nor fails it. */
import { testTokensIn } from '../send/identity-test.ts'
import type { Arrival } from '../pull/ports.ts'
import type { Accounts } from './accounts.ts'
import type { Arrivals } from './arrivals.ts'

export class IdentityTests {
  readonly #accounts: Accounts
  readonly #id: string
  readonly #listed: Arrivals
  readonly #tokens = new Set<string>()

  /** @param listed lists them for people. */
  constructor(accounts: Accounts, id: string, listed: Arrivals) {
    this.#accounts = accounts
    this.#id = id
    this.#listed = listed
  }

  add(arrivals: readonly Arrival[]): void {
    this.#listed.add(arrivals)
    // Anybody may write such a subject; a run needs to keep no more than some.
    for (const { envelope } of arrivals)
      for (const token of testTokensIn(envelope)) if (this.#tokens.size < 100) this.#tokens.add(token)
  }

  /** @param nowMs when it came back. */
  async settled(nowMs: number): Promise<void> {
    await Promise.all([this.#listed.settled(), this.#note(nowMs)])
  }

  async #note(nowMs: number): Promise<void> {
    if (this.#tokens.size === 0) return
    await this.#accounts
      .update(this.#id, (record) => {
        const { identityProof: proof } = record
        const isBack = proof?.state === 'sent' && this.#tokens.has(proof.token)
        if (!isBack) return { record, due: 'as before' }
        return {
          record: { ...record, identityProof: { state: 'verified', reason: null, atMs: nowMs } },
          due: 'as before',
        }
      })
      .catch(() => {})
  }
}
