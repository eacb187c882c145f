/** Bounds all that a store answers to one command: a flood of short lines is as large as a long one. */

export interface AnswerBounds {
  /** What is kept of all lines, beside their literals. */
  readonly answerOctetsMax: number
  readonly answerLiteralOctetsMax: number
  readonly answerLinesMax: number
  /** The folders that LIST names, and the octets of their lines. */
  readonly namesMax: number
  readonly nameOctetsMax: number
  /** All of it, with what is left out. */
  readonly receivedOctetsMax: number
}

export class AnswerSize {
  bounds: AnswerBounds
  #octets = 0
  #literalOctets = 0
  #lines = 0
  #names = 0
  #nameOctets = 0
  #received = 0

  constructor(bounds: AnswerBounds) {
    this.bounds = bounds
  }

  begin(): void {
    this.#octets = this.#literalOctets = this.#lines = this.#names = this.#nameOctets = this.#received = 0
  }

  received(octets: number): void {
    this.#received = within(this.#received + octets, this.bounds.receivedOctetsMax, 'octets')
  }

  /** Counts one octet of a line that is kept. */
  octet(): void {
    this.#octets = within(this.#octets + 1, this.bounds.answerOctetsMax, 'octets of lines')
  }

  nameOctet(): void {
    this.#nameOctets = within(this.#nameOctets + 1, this.bounds.nameOctetsMax, 'octets of names')
  }

  literal(octets: number): void {
    this.#literalOctets = within(this.#literalOctets + octets, this.bounds.answerLiteralOctetsMax, 'octets of literals')
  }

  line(): void {
    this.#lines = within(this.#lines + 1, this.bounds.answerLinesMax, 'lines')
  }

  name(): void {
    this.#names = within(this.#names + 1, this.bounds.namesMax, 'folders')
  }
}

function within(count: number, max: number, what: string): number {
  if (count > max) throw new Error(`the answer to one command has more than ${max} ${what}`)
  return count
}
