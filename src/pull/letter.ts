/** A message that was retrieved: its bytes in the form that the store takes, and the facts that they contain. */
import { arrivalOf } from '../mail/arrival.ts'
import { envelopeLines, fieldsOf, headerFingerprint, headerOf } from '../mail/header.ts'
import type { Fingerprint, Retrieved, ShortHash, Sighting } from '../mail/message.ts'
import { messageDigest, toCrlf } from '../mail/octets.ts'
import { breathe } from '../slices.ts'
import { cameShort } from './policy.ts'

/** What somebody outside of the pull found in a message. */
export interface Sorted {
  /** Where it belongs, and the flags that it gets there; undefined: into the account's folder, with the account's flags. */
  readonly place?: FolderPlace
  /** Is handed back with the message's arrival. */
  readonly finding?: unknown
}

export interface FolderPlace {
  readonly folder: string
  readonly flags: readonly string[]
}

export interface Letter extends Sorted {
  /** All line ends are CRLF. */
  readonly bytes: Buffer
  /** The size of the message as it came. */
  readonly octets: number
  /** Its From, Subject and Date lines (mail/header.ts). */
  readonly envelope: Buffer
  readonly sighting: WholeSighting
  /** The time under which the store lists it: that of its arrival; where its header does not tell, that of this run or of a neighbour (neighbours.ts). */
  readonly internalDate: Date
}

/** The sighting of a message whose every byte was read. */
export interface WholeSighting extends Sighting {
  readonly fingerprint: Fingerprint
  readonly digest: ShortHash
}

export async function letterOf({ message, bytes: source, spooled }: Retrieved, nowMs: number): Promise<Letter> {
  await breathe()
  const bytes = await toCrlf(source)
  const fields = fieldsOf(headerOf(bytes))
  const arrived = arrivalOf(fields, nowMs)
  const sighting = {
    message,
    fingerprint: headerFingerprint(fields),
    digest: await messageDigest(bytes, fields),
    arrived,
    cameShort: cameShort(bytes.length, message.size) || undefined,
    spooled,
  }
  const internalDate = arrived ?? new Date(nowMs)
  return { bytes, octets: source.length, envelope: envelopeLines(fields), sighting, internalDate }
}
