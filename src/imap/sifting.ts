/** Puts the sieve between a store and imapflow, on connections that read mail for people, and shares out the time for it. */
import type { ImapFlow } from 'imapflow'
import { siftReceived } from './insides.ts'
import { imapLimits } from './limits.ts'
import { Sieve, type SieveBounds } from './sieve.ts'
import type { LoopTurns } from './loop-turns.ts'

/** What the next answers are for. */
export type Purpose = 'list' | 'read'

const readBounds: SieveBounds = {
  stringOctetsMax: imapLimits.readStringOctetsMax,
  headerOctetsMax: imapLimits.readHeaderOctetsMax,
  addressesMax: imapLimits.readAddressesMax,
  envelopeOctetsMax: imapLimits.readEnvelopeOctetsMax,
  partsMax: imapLimits.readPartsMax,
  structureOctetsMax: imapLimits.readStructureOctetsMax,
  partOctetsMax: imapLimits.readPartOctetsMax,
  levelsMax: imapLimits.readLevelsMax,
  sortedTogether: imapLimits.sortedTogether,
}

const bounds: Readonly<Record<Purpose, SieveBounds>> = {
  read: readBounds,
  list: {
    ...readBounds,
    addressesMax: imapLimits.listedAddressesMax,
    partsMax: imapLimits.listedPartsMax,
    structureOctetsMax: imapLimits.listedStructureOctetsMax,
  },
}

export interface Sifting {
  readonly begin: (client: ImapFlow) => void
}

const sieves = new WeakMap<ImapFlow, Sieve>()

/** @param key those with one key share their turns. */
export function siftingFor(turns: LoopTurns, key: string): Sifting {
  return {
    begin(client) {
      const sieve = new Sieve(readBounds)
      sieves.set(client, sieve)
      let parsed = 0
      siftReceived(client, async function* sifted(chunk) {
        // Short answers need no turn of their own: nobody waits long for them.
        const takes = async (octets: number) => {
          parsed += octets
          if (parsed < imapLimits.parsedTogetherOctets) return
          parsed = 0
          await turns.take(key)
        }
        await takes(chunk.length)
        for (const piece of sieve.pass(chunk)) {
          await takes(piece.length)
          yield piece
        }
      })
    },
  }
}

/** Says what the next answers on this connection are for. */
export function siftFor(client: ImapFlow, purpose: Purpose): void {
  sieves.get(client)?.begin(bounds[purpose])
}

/** Tells whether something was left out of the last answer on a message. */
export function isSiftedOut(client: ImapFlow, sequence: number): boolean {
  return sieves.get(client)?.isCut(sequence) ?? false
}
