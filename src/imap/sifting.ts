/** Puts the sieve between every store and imapflow, and shares out the time for what comes through. */
import type { ImapFlow } from 'imapflow'
import { onCommand, siftReceived } from './insides.ts'
import { imapLimits } from './limits.ts'
import { KiB } from '../units.ts'
import { Sieve, type SieveBounds } from './sieve.ts'
import type { LoopTurns } from './loop-turns.ts'

/** What the next answers are for: a run, or somebody who lists or reads. */
export type Purpose = 'run' | 'list' | 'read'

const runBounds: SieveBounds = {
  stringOctetsMax: imapLimits.readStringOctetsMax,
  headerOctetsMax: imapLimits.readHeaderOctetsMax,
  addressesMax: imapLimits.readAddressesMax,
  envelopeOctetsMax: imapLimits.readEnvelopeOctetsMax,
  partsMax: imapLimits.readPartsMax,
  structureOctetsMax: imapLimits.readStructureOctetsMax,
  partOctetsMax: imapLimits.readPartOctetsMax,
  levelsMax: imapLimits.readLevelsMax,
  sortedTogether: imapLimits.sortedTogether,
  lineOctetsMax: imapLimits.siftedLineOctetsMax,
  droppedOctetsMax: imapLimits.storeLineOctetsMax - imapLimits.siftedLineOctetsMax,
  plainLiteralOctetsMax: imapLimits.plainLiteralOctetsMax,
  answerOctetsMax: imapLimits.answerOctetsMax,
  answerLiteralOctetsMax: imapLimits.answerLiteralOctetsMax,
  answerLinesMax: imapLimits.answerLinesMax,
  namesMax: imapLimits.namesMax,
  nameOctetsMax: imapLimits.nameOctetsMax,
  receivedOctetsMax: imapLimits.receivedOctetsMax,
}

const readBounds: SieveBounds = {
  ...runBounds,
  answerOctetsMax: imapLimits.readAnswerOctetsMax,
  answerLiteralOctetsMax: imapLimits.readAnswerLiteralOctetsMax,
  answerLinesMax: imapLimits.readAnswerLinesMax,
}

/** Before STARTTLS a server greets, and tells its capabilities. */
const clearBounds: SieveBounds = { ...runBounds, answerOctetsMax: 64 * KiB, answerLinesMax: 100 }

const bounds: Readonly<Record<Purpose, SieveBounds>> = {
  run: runBounds,
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
export function siftingFor(turns: LoopTurns, key: string, purpose: Purpose): Sifting {
  return {
    begin(client) {
      let isClear = client.options.doSTARTTLS === true
      const sieve = new Sieve(isClear ? clearBounds : bounds[purpose])
      sieves.set(client, sieve)
      onCommand(client, () => sieve.nextAnswer())
      let parsed = 0
      siftReceived(client, async function* sifted(chunk) {
        // Short answers need no turn of their own: nobody waits long for them.
        const takes = async (octets: number) => {
          parsed += octets
          if (parsed < imapLimits.parsedTogetherOctets) return
          parsed = 0
          await turns.take(key)
        }
        if (isClear && !client.secureConnection) {
          // What comes together with the OK to STARTTLS was not sent by the server alone: imapflow tells it by its coming together.
          yield Buffer.concat(sieve.pass(chunk))
          return
        }
        if (isClear) sieve.begin(bounds[purpose])
        isClear = false
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
