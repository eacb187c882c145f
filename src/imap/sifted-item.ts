/** Decides what of one ENVELOPE or BODYSTRUCTURE is kept, list by list (RFC 9051 sections 7.5.2 and 9). */
import { type Frame, standIn } from './sieve-words.ts'

export interface ItemBounds {
  readonly stringOctetsMax: number
  /** Of one field of a header. */
  readonly addressesMax: number
  readonly envelopeOctetsMax: number
  readonly partsMax: number
  /** From here on further parts are left out. */
  readonly structureOctetsMax: number
  /** What one part may say of itself. */
  readonly partOctetsMax: number
  readonly levelsMax: number
}

export type ItemKind = 'envelope' | 'structure'

/** Whether a list is kept; else it is left out with all that is in it, and this stands in its place. */
export type Keeping = 'kept' | { readonly stead: string }

const dropped: Keeping = { stead: '' }

/** Where an envelope itself stands, by the parentheses around what is in it: its lists of addresses are one level down. */
const envelopeDepth = 2

export class SiftedItem {
  readonly #kind: ItemKind
  readonly #bounds: ItemBounds
  readonly #frames: Frame[]
  #addresses = 0
  #parts = 0
  #octets = 0
  #partOctets = 0

  constructor(kind: ItemKind, bounds: ItemBounds) {
    this.#kind = kind
    this.#bounds = bounds
    this.#frames = kind === 'structure' ? [{ kind: 'body', isNamed: false }] : []
  }

  /** Counts octets that were kept. */
  count(octets: number): void {
    this.#octets += octets
    this.#partOctets += octets
  }

  /** A string or an atom begins, or goes on, which is kept. */
  word(): void {
    const frame = this.#frames.at(-1)
    if (frame?.kind === 'body') frame.kind = 'single'
    else if (frame?.kind === 'multi' && !frame.isNamed) frame.isNamed = true
    else return
    this.#partOctets = 0
  }

  /** Whether a part has said so much of itself that no word of a list within is kept. */
  refusesWord(): boolean {
    return this.#isFull && this.#frames.at(-1)?.kind === 'inner'
  }

  stringMax(depth: number): number {
    if (this.#kind === 'structure') return this.#isFull ? 0 : this.#bounds.stringOctetsMax
    // Date, subject and ids are always told.
    const isOfAddress = depth > envelopeDepth
    return isOfAddress && this.#octets > this.#bounds.envelopeOctetsMax ? 0 : this.#bounds.stringOctetsMax
  }

  open(depth: number): Keeping {
    return this.#kind === 'envelope' ? this.#openInEnvelope(depth) : this.#openInStructure()
  }

  close(): void {
    this.#frames.pop()
  }

  get #isFull(): boolean {
    return this.#kind === 'structure' && this.#partOctets > this.#bounds.partOctetsMax
  }

  #openInEnvelope(depth: number): Keeping {
    if (depth === envelopeDepth) {
      this.#addresses = 0
      return 'kept'
    }
    this.#addresses += 1
    const { addressesMax, envelopeOctetsMax } = this.#bounds
    const hasRoom = this.#addresses <= addressesMax && this.#octets <= envelopeOctetsMax
    return hasRoom && depth === envelopeDepth + 1 ? 'kept' : dropped
  }

  #openInStructure(): Keeping {
    const { partsMax, structureOctetsMax, levelsMax } = this.#bounds
    const frame = this.#frames.at(-1)
    if (frame === undefined || frame.kind === 'inner') {
      return this.#isFull || this.#frames.length > 2 * levelsMax ? dropped : this.#enter('inner')
    }
    if (frame.kind === 'single' || frame.isNamed) return this.#isFull ? { stead: 'NIL' } : this.#enter('inner')
    this.#parts += 1
    if (frame.kind === 'body') {
      // The first part makes it a multipart: it has one, at least.
      frame.kind = 'multi'
      return this.#frames.length >= levelsMax ? { stead: standIn } : this.#enter('body')
    }
    const hasRoom = this.#parts <= partsMax && this.#octets <= structureOctetsMax
    return hasRoom ? this.#enter('body') : dropped
  }

  #enter(kind: Frame['kind']): Keeping {
    this.#frames.push({ kind, isNamed: false })
    return 'kept'
  }
}
