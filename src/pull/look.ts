/** Looks at header blocks without retrieving the messages. */
import { arrivalOf } from '../mail/arrival.ts'
import { fieldsOf, headerFingerprint, headerOf } from '../mail/header.ts'
import type { Listed, Sighting } from '../mail/message.ts'
import type { Peeks } from './peeks.ts'
import type { Maildrop } from './maildrop-ports.ts'

/**
 * The answer is in the requested order. A message has no header in it if the server has no TOP, or does not give that header.
 *
 * @param nowMs undefined if nobody needs the dates of arrival: of 100,000 messages the dates are half of the memory.
 */
export async function look(
  maildrop: Maildrop,
  messages: readonly Listed[],
  nowMs: number | undefined,
  peeks: Peeks,
): Promise<Sighting[]> {
  if (messages.length === 0 || !peeks.can(maildrop)) return messages.map(unseen)
  const sightings: Sighting[] = []
  for await (const { message, header } of peeks.peek(maildrop, messages)) {
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
