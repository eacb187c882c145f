/** Bounds all that a store answers to one command: a flood of short lines is as large as a long one. */

export interface AnswerBounds {
  /** Of all lines, beside their literals. */
  readonly answerOctetsMax: number
  readonly answerLiteralOctetsMax: number
  readonly answerLinesMax: number
  /** The folders that LIST names. */
  readonly namesMax: number
}

export class AnswerSize {
  bounds: AnswerBounds
  #octets = 0
  #literalOctets = 0
  #lines = 0
  #names = 0

  constructor(bounds: AnswerBounds) {
    this.bounds = bounds
  }

  begin(): void {
    this.#octets = this.#literalOctets = this.#lines = this.#names = 0
  }

  octet(): void {
    this.#octets += 1
    if (this.#octets > this.bounds.answerOctetsMax) throw tooLarge(`${this.bounds.answerOctetsMax} octets`)
  }

  literal(octets: number): void {
    this.#literalOctets += octets
    const max = this.bounds.answerLiteralOctetsMax
    if (this.#literalOctets > max) throw tooLarge(`${max} octets of literals`)
  }

  line(): void {
    this.#lines += 1
    if (this.#lines > this.bounds.answerLinesMax) throw tooLarge(`${this.bounds.answerLinesMax} lines`)
  }

  name(): void {
    this.#names += 1
    if (this.#names > this.bounds.namesMax) throw tooLarge(`${this.bounds.namesMax} folders`)
  }
}

function tooLarge(what: string): Error {
  return new Error(`the answer to one command has more than ${what}`)
}
