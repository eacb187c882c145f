/** Looks at header blocks without retrieving the messages. */
import { arrivalOf } from '../mail/arrival.ts'
import { fieldsOf, headerFingerprint, headerOf } from '../mail/header.ts'
import type { Listed, Sighting } from '../mail/message.ts'
import type { Maildrop } from './ports.ts'

/**
 * The answer is in the order asked for. Where the server has no TOP, or does not give a header, nothing is seen.
 *
 * @param nowMs undefined where nobody asks when they arrived: of 100,000 messages the dates are half of what is held.
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

/** The sighting of a message that was not looked at. */
export function unseen(message: Listed): Sighting {
  return { message, fingerprint: undefined, digest: undefined, arrived: undefined }
}

function sightingOf(message: Listed, header: Buffer, nowMs: number | undefined): Sighting {
  const fields = fieldsOf(headerOf(header))
  const arrived = nowMs === undefined ? undefined : arrivalOf(fields, nowMs)
  return { message, fingerprint: headerFingerprint(fields), digest: undefined, arrived }
}
