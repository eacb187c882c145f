/** Remembers what servers have said of themselves by ID (RFC 2971), and which of them fall silent at it. */
import { hour } from '../units.ts'
import { imapLimits } from './limits.ts'

/** A server that was silent is asked again after so long: perhaps it only had a bad moment. */
const silentForMs = 1 * hour
/** One silence may be a hiccup. */
const silencesBelieved = 2

interface Remembered {
  /** Undefined: it has never said. */
  name: string | undefined
  silences: number
  silentSinceMs: number
}

export class Identities {
  readonly waitMs: number
  readonly #nowMs: () => number
  readonly #servers = new Map<string, Remembered>()

  /** @param waitMs bounds the wait for an answer. */
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
    // Connections that wait at the same time have met the same moment.
    const isSame = silences > 0 && nowMs - silentSinceMs < this.waitMs / 2
    this.#servers.set(server, { name, silences: isSame ? silences : silences + 1, silentSinceMs: nowMs })
  }

  /** Its name as it said it last: what it is does not change because it is slow. */
  nameOf(server: string): string | undefined {
    return this.#servers.get(server)?.name
  }
}
