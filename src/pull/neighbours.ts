/**
 * Dates the messages of a first import whose header does not tell when they arrived: they did so at about the time of the messages beside them
 * in the maildrop (CONTRACT section 7). A message of a later visit was not there at the last one: it gets the present time (letter.ts).
 */
import type { Sighting } from '../mail/message.ts'
import type { LedgerView } from './ledger-ports.ts'
import type { Letter } from './letter.ts'
import { pullLimits } from './limits.ts'

export class Neighbours {
  readonly #isFirstImport: boolean
  /** The times of arrival that are known, by message number. */
  readonly #times = new Map<number, number>()
  /** The highest number of a message that has come. */
  #reached = 0
  /** Letters that wait for a nearer neighbour, and all behind them: messages stand in the store in the maildrop's order. */
  #held: Letter[] = []

  constructor({ begun, importing }: Pick<LedgerView, 'begun' | 'importing'>) {
    this.#isFirstImport = !begun || importing
  }

  /** Notes when a message arrived that is not stored now: it was looked at, or is skipped. */
  note({ message, arrived }: Sighting): void {
    if (!this.#isFirstImport || arrived === undefined) return
    this.#times.set(message.number, arrived.getTime())
  }

  /** Takes letters as they come. Gives back, in their order, those whose date is decided. */
  date(letters: readonly Letter[]): readonly Letter[] {
    if (!this.#isFirstImport) return letters
    for (const letter of letters) {
      this.note(letter.sighting)
      this.#reached = Math.max(this.#reached, letter.sighting.message.number)
      this.#held.push(letter)
      // What is too far back serves nobody.
      this.#times.delete(letter.sighting.message.number - pullLimits.neighbourPlacesMax - pullLimits.heldLettersMax)
    }
    const open = this.#held.findIndex((letter) => !this.#isDecided(letter))
    if (open === -1 || this.#holdsMuch(open)) return this.rest()
    return this.#held.splice(0, open).map((letter) => this.#dated(letter))
  }

  /** Whether letters wait, and nobody knows a neighbour's date. */
  get areMissed(): boolean {
    return this.#held.length > 0 && this.#times.size === 0
  }

  /** Gives back those that still wait: nothing nearer comes. */
  rest(): readonly Letter[] {
    return this.#held.splice(0).map((letter) => this.#dated(letter))
  }

  /** Whether no message that is still to come can be nearer than the nearest known one. */
  #isDecided({ sighting: { message, arrived } }: Letter): boolean {
    if (arrived !== undefined) return true
    const nearest = this.#nearest(message.number)
    return nearest !== undefined && Math.abs(nearest - message.number) <= this.#reached + 1 - message.number
  }

  #holdsMuch(from: number): boolean {
    const held = this.#held.slice(from)
    const octets = held.reduce((sum, { bytes }) => sum + bytes.length, 0)
    return held.length > pullLimits.heldLettersMax || octets > pullLimits.heldOctetsMax
  }

  #dated(letter: Letter): Letter {
    const { message, arrived } = letter.sighting
    const nearest = arrived === undefined ? this.#nearest(message.number) : undefined
    const ms = nearest === undefined ? undefined : this.#times.get(nearest)
    return ms === undefined ? letter : { ...letter, internalDate: new Date(ms) }
  }

  /** The number of the nearest message whose time is known; of two, the earlier one. */
  #nearest(number: number): number | undefined {
    if (this.#times.size === 0) return undefined
    for (let places = 1; places < pullLimits.neighbourPlacesMax; places += 1) {
      if (this.#times.has(number - places)) return number - places
      if (this.#times.has(number + places)) return number + places
    }
    return undefined
  }
}
