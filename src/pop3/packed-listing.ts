/**
 * A listing in columns: 900,000 messages would be 200 MB as objects, and are their UIDLs and some 15 octets each here. A message is made when
 * it is asked for, and another one each time: it is the same message by its number.
 */
import type { MaildropListing } from '../mail/listing.ts'
import type { Listed, MessageNumber, Octets, Uidl } from '../mail/message.ts'
import type { Sizes } from './sizes.ts'
import type { Uidls } from './uidls.ts'

const none = -1

export class PackedListing implements MaildropListing {
  readonly length: number
  readonly #sizes: Sizes
  readonly #uidls: Uidls | undefined
  /** By the place in the listing: that of the line of LIST, and of UIDL. Undefined: it is the same place. */
  readonly #sizePlaces: Int32Array | undefined
  readonly #uidlPlaces: Int32Array | undefined

  /**
   * @param placesOf the lines of which each message was made, where they are not all lines of LIST, in their order, each with the line of UIDL
   * at the same place.
   */
  constructor(
    sizes: Sizes,
    uidls: Uidls | undefined,
    length: number,
    placesOf?: { readonly sizes: Int32Array; readonly uidls: Int32Array },
  ) {
    this.length = length
    this.#sizes = sizes
    this.#uidls = uidls
    this.#sizePlaces = placesOf?.sizes
    this.#uidlPlaces = placesOf?.uidls
  }

  at(place: number): Listed | undefined {
    return place < 0 || place >= this.length ? undefined : new PackedMessage(this, place)
  }

  slice(from: number, to: number): readonly Listed[] {
    const messages: Listed[] = []
    for (let place = Math.max(0, from); place < Math.min(to, this.length); place += 1)
      messages.push(new PackedMessage(this, place))
    return messages
  }

  *[Symbol.iterator](): Generator<Listed> {
    for (let place = 0; place < this.length; place += 1) yield new PackedMessage(this, place)
  }

  numberAt(place: number): number {
    const line = this.#sizeLine(place)
    return line === none ? (this.#uidls?.numbers.at(this.#uidlLine(place)) ?? 0) : this.#sizes.numbers.at(line)
  }

  /** Words: LIST told no size that can be read. */
  sizeAt(place: number): number | string {
    const line = this.#sizeLine(place)
    return line === none ? '' : this.#sizes.at(line)
  }

  uidlAt(place: number): Uidl | undefined {
    const line = this.#uidlLine(place)
    return line === none ? undefined : this.#uidls?.at(line)
  }

  #sizeLine(place: number): number {
    return this.#sizePlaces === undefined ? place : (this.#sizePlaces[place] ?? none)
  }

  #uidlLine(place: number): number {
    return this.#uidlPlaces === undefined ? place : (this.#uidlPlaces[place] ?? none)
  }
}

/** Reads its fields when they are asked for: of a first import of a million messages all are held. */
class PackedMessage implements Listed {
  readonly #listing: PackedListing
  readonly #place: number

  constructor(listing: PackedListing, place: number) {
    this.#listing = listing
    this.#place = place
  }

  get number(): MessageNumber {
    return this.#listing.numberAt(this.#place) as MessageNumber
  }

  get uidl(): Uidl | undefined {
    return this.#listing.uidlAt(this.#place)
  }

  get size(): Octets {
    const size = this.#listing.sizeAt(this.#place)
    return (typeof size === 'number' ? size : 0) as Octets
  }

  get unsized(): string | undefined {
    const size = this.#listing.sizeAt(this.#place)
    return typeof size === 'string' ? size : undefined
  }
}
