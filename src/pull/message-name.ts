/** The name under which a message that fails is known from one session to the next. */
import type { MessageName } from '../ledger/ledger.ts'
import { listedUidlHash } from '../mail/header.ts'
import type { Listed } from '../mail/message.ts'
import { slices } from '../slices.ts'

export function messageName(message: Listed): MessageName {
  return { uidl: listedUidlHash(message), size: message.size, place: message.number }
}

/** If messages share a UIDL, one that comes well must not clear another: their sizes tell them apart. */
export function nameKey({ uidl, size, place }: MessageName): string {
  return `${uidl ?? place} ${size}`
}

/**
 * Gives names their ids of this session, where ids do not last: each is the message of its size that is nearest to its place. If it is
 * another one, that one comes in its turn, and the one that was meant fails once more.
 *
 * @param named holds the names by their keys, and so does the answer, as far as they have changed.
 */
export async function followedNames(
  named: ReadonlyMap<string, MessageName>,
  messages: readonly Listed[],
): Promise<ReadonlyMap<string, MessageName>> {
  const lost = new Map(named)
  const bySize = new Map<number, Listed[]>()
  for await (const slice of slices(messages)) {
    for (const message of slice) {
      if (lost.delete(nameKey(messageName(message)))) continue
      const same = bySize.get(message.size)
      if (same === undefined) bySize.set(message.size, [message])
      else same.push(message)
    }
  }
  const followed = new Map<string, MessageName>()
  for (const [key, { size, place }] of lost) {
    const same = bySize.get(size) ?? []
    const [nearest] = same.toSorted((a, b) => Math.abs(a.number - place) - Math.abs(b.number - place))
    if (nearest === undefined) continue
    same.splice(same.indexOf(nearest), 1)
    followed.set(key, messageName(nearest))
  }
  return followed
}
