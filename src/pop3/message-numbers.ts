/** The message numbers of the lines of a listing, by their place. Nearly every server counts from 1 on: then nothing is kept of them. */

export class MessageNumbers {
  #length = 0
  /** Undefined: each is its place and 1. */
  #numbers: number[] | undefined
  #places: Map<number, number> | undefined

  get length(): number {
    return this.#length
  }

  /** Adds the number of the next line. The answer is false if a line before it has the same. */
  add(number: number): boolean {
    if (number !== this.#length + 1 || this.#numbers !== undefined) {
      const [numbers, places] = this.#spread()
      if (places.has(number)) return false
      places.set(number, this.#length)
      numbers.push(number)
    }
    this.#length += 1
    return true
  }

  at(place: number): number {
    return this.#numbers === undefined ? place + 1 : (this.#numbers[place] ?? 0)
  }

  /** Undefined: no line has this number. */
  placeOf(number: number): number | undefined {
    if (this.#places !== undefined) return this.#places.get(number)
    return number >= 1 && number <= this.#length ? number - 1 : undefined
  }

  /** Whether both have the same numbers at the same places. */
  isLike(other: MessageNumbers): boolean {
    if (this.#length !== other.length) return false
    if (this.#numbers === undefined && other.#numbers === undefined) return true
    for (let place = 0; place < this.#length; place += 1) if (this.at(place) !== other.at(place)) return false
    return true
  }

  #spread(): [number[], Map<number, number>] {
    if (this.#numbers !== undefined && this.#places !== undefined) return [this.#numbers, this.#places]
    const numbers = Array.from({ length: this.#length }, (_, place) => place + 1)
    const places = new Map(numbers.map((number, place) => [number, place]))
    this.#numbers = numbers
    this.#places = places
    return [numbers, places]
  }
}
