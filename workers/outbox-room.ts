/** Shares a worker's visits to SMTP servers: accounts of a host that does not answer take no more than a part of them. */
import { workerLimits } from './limits.ts'

export class SendRoom {
  readonly #silentMax: number
  /** The visits that go on, by server. */
  readonly #visits = new Map<string, number>()
  /** Servers whose last visit has found nobody. */
  readonly #silent = new Set<string>()

  constructor(silentMax: number = workerLimits.sendPlacesOfSilentHost) {
    this.#silentMax = silentMax
  }

  /** @returns what ends the visit; undefined: there is no place for it now. */
  enter(server: string): (() => void) | undefined {
    const going = this.#visits.get(server) ?? 0
    if (this.#silent.has(server) && going >= this.#silentMax) return undefined
    this.#visits.set(server, going + 1)
    return () => {
      const left = (this.#visits.get(server) ?? 1) - 1
      if (left > 0) this.#visits.set(server, left)
      else this.#visits.delete(server)
    }
  }

  /** Whether somebody was there, as a visit has found. */
  found(server: string, answers: boolean): void {
    if (answers) this.#silent.delete(server)
    else this.#silent.add(server)
  }
}
