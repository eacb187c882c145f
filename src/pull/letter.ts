/** A message in our hands: its bytes as the store takes them, and what they tell of it. */
import { arrivalOf } from '../mail/arrival.ts'
import { envelopeLines, fieldsOf, fingerprintOf, headerOf } from '../mail/header.ts'
import type { Fingerprint, Listed, Retrieved, ShortHash, Sighting } from '../mail/message.ts'
import { digestOf, toCrlf } from '../mail/octets.ts'
import type { Maildrop } from './ports.ts'
import { breathe } from '../slices.ts'

export interface Letter {
  /** Line ends CRLF. */
  readonly bytes: Buffer
  /** Octets as they came. */
  readonly octets: number
  /** Its From, Subject and Date lines (header.ts). */
  readonly envelope: Buffer
  readonly sighting: Sighting & {
    readonly fingerprint: Fingerprint
    readonly digest: ShortHash
    readonly arrived: Date
  }
}

export async function letterOf({ message, bytes: source, spooled }: Retrieved, nowMs: number): Promise<Letter> {
  await breathe()
  const bytes = await toCrlf(source)
  const fields = fieldsOf(headerOf(bytes))
  const sighting = {
    message,
    fingerprint: fingerprintOf(fields),
    digest: await digestOf(bytes, fields),
    arrived: arrivalOf(fields, nowMs),
    spooled,
  }
  return { bytes, octets: source.length, envelope: envelopeLines(fields), sighting }
}

/**
 * Looks at header blocks, without retrieving; where the server has no TOP nothing is seen. In the order asked for.
 *
 * @param nowMs undefined: nobody asks when they arrived. There may be 100,000 of them, and their dates are half of what is kept.
 */
export async function look(
  maildrop: Maildrop,
  messages: readonly Listed[],
  nowMs: number | undefined,
): Promise<Sighting[]> {
  if (messages.length === 0 || !maildrop.canPeek) return messages.map(unseen)
  const sightings: Sighting[] = []
  for await (const { message, header } of maildrop.peek(messages)) {
    sightings.push(header === undefined ? unseen(message) : sightingOf(message, header, nowMs))
  }
  return sightings
}

export function unseen(message: Listed): Sighting {
  return { message, fingerprint: undefined, digest: undefined, arrived: undefined }
}

function sightingOf(message: Listed, peeked: Buffer, nowMs: number | undefined): Sighting {
  const fields = fieldsOf(headerOf(peeked))
  const arrived = nowMs === undefined ? undefined : arrivalOf(fields, nowMs)
  return { message, fingerprint: fingerprintOf(fields), digest: undefined, arrived }
}
