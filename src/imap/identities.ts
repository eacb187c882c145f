/** Remembers how servers identify themselves by ID (RFC 2971), and which of them do not answer it. */
import { hour } from '../units.ts'
import { imapLimits } from './limits.ts'

/** A silent server is asked again after this time: perhaps it was silent only once. */
const silentForMs = 1 * hour
/** One silence may be an accident. */
const silencesBelieved = 2

interface Remembered {
  /** Undefined: the server has never said its name. */
  name: string | undefined
  silences: number
  silentSinceMs: number
}

export class Identities {
  readonly waitMs: number
  readonly #nowMs: () => number
  readonly #servers = new Map<string, Remembered>()

  /** @param waitMs limits the wait for an answer. */
  constructor(waitMs: number = imapLimits.storeIdWaitMs, nowMs: () => number = () => performance.now()) {
    this.waitMs = waitMs
    this.#nowMs = nowMs
  }

  /** Whether the server is to be asked. */
  asks(server: string): boolean {
    const remembered = this.#servers.get(server)
    if (remembered === undefined || remembered.silences < silencesBelieved) return true
    return this.#nowMs() - remembered.silentSinceMs >= silentForMs
  }

  answered(server: string, name: string | undefined): void {
    const before = this.#servers.get(server)
    this.#servers.set(server, { name: name ?? before?.name, silences: 0, silentSinceMs: 0 })
  }

  fellSilent(server: string): void {
    const nowMs = this.#nowMs()
    const { name, silences, silentSinceMs } = this.#servers.get(server) ?? {
      name: undefined,
      silences: 0,
      silentSinceMs: 0,
    }
    // If several connections wait at the same time, their silences count as one.
    const isSame = silences > 0 && nowMs - silentSinceMs < this.waitMs / 2
    this.#servers.set(server, { name, silences: isSame ? silences : silences + 1, silentSinceMs: nowMs })
  }

  /** The name that the server said last: a slow server is still the same server. */
  nameOf(server: string): string | undefined {
    return this.#servers.get(server)?.name
  }
}
