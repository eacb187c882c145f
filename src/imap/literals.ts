/**
 * Remembers which servers do not take what they announce: literals that are sent without being asked for (LITERAL+, RFC 7888). Such a
 * server answers BAD or hangs up at the first one, and no message is at fault: the same messages are sent once more, each after its `+`.
 */
import { hour } from '../units.ts'

/** A session may have ended for another reason: after this time the announced way is tried again. */
const believedForMs = 1 * hour

interface Remembered {
  /** Literals of this size were taken, or refused in the other way too. */
  takenOctets: number
  /** Literals from this size on wait for their `+`. */
  waitFromOctets: number
  /** It is not yet known whether the other way helps. */
  isSuspect: boolean
  sinceMs: number
}

export class Literals {
  readonly #servers = new Map<string, Remembered>()
  readonly #nowMs: () => number

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
  }

  sendsAtOnce(server: string, octets: number): boolean {
    const known = this.#servers.get(server)
    if (known !== undefined && this.#nowMs() - known.sinceMs > believedForMs) this.#servers.delete(server)
    return octets < (this.#servers.get(server)?.waitFromOctets ?? Number.POSITIVE_INFINITY)
  }

  /** The next append shows whether the announced way is at fault. */
  isSuspect(server: string): boolean {
    return this.#servers.get(server)?.isSuspect ?? false
  }

  /** Notes that a server has read the messages, and refused them: it is not the way that it minds. */
  understood(server: string): void {
    const known = this.#servers.get(server)
    if (known !== undefined) known.isSuspect = false
  }

  /** Notes how an append ended whose largest literal has this size. @returns whether to send it once more, in the other way. */
  ended(server: string, octets: number, end: { readonly atOnce: boolean; readonly isTaken: boolean }): boolean {
    const known = this.#servers.get(server) ?? {
      takenOctets: -1,
      waitFromOctets: Number.POSITIVE_INFINITY,
      isSuspect: false,
      sinceMs: this.#nowMs(),
    }
    this.#servers.set(server, known)
    if (end.atOnce) {
      if (end.isTaken) known.takenOctets = Math.max(known.takenOctets, octets)
      if (end.isTaken || octets <= known.takenOctets) return false
      known.waitFromOctets = octets
      known.isSuspect = true
      return true
    }
    if (!known.isSuspect) return false
    known.isSuspect = false
    if (end.isTaken) return false
    // The other way does not help: the announced one is not at fault.
    known.takenOctets = Math.max(known.takenOctets, octets)
    known.waitFromOctets = Number.POSITIVE_INFINITY
    return false
  }
}
