/**
 * The lines that a server says of its own accord before an answer (`* NOTICE 93% full`). Before an answer that a message depends on, such a line is
 * passed over only if the server has said it where it could not be what is left of a message that ended early: before any message was
 * asked for, before the first one, or twice in step with the server. Pure.
 */
import { protocolIn } from '../failure/spoken.ts'

export class OwnLines {
  /** Without their digits: clocks and percentages change. */
  readonly #known = new Set<string>()
  readonly #once = new Set<string>()

  learn(line: string): void {
    this.#known.add(formOf(line))
    this.#once.delete(formOf(line))
  }

  /** A line that is heard for the second time is known. */
  hear(line: string): void {
    if (this.#once.has(formOf(line))) this.learn(line)
    else if (!this.knows(line)) this.#once.add(formOf(line))
  }

  knows(line: string): boolean {
    return this.#known.has(formOf(line))
  }

  /** A line was heard once, and may be part of a message. */
  get isUnsure(): boolean {
    return this.#once.size > 0
  }
}

function formOf(line: string): string {
  return line.replace(/\d+/g, '0').trim()
}

/** The line may be a notice of the server: no line of a listing, and no greeting of another protocol. */
export function isNotice(line: string): boolean {
  return /^[^.\d\s+-]/.test(line) && protocolIn(line) === undefined
}
