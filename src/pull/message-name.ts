/** The name under which a message that fails is known from one session to the next. */
import type { MessageName } from '../ledger/ledger.ts'
import { listedUidlHash } from '../mail/header.ts'
import type { Listed, ShortHash } from '../mail/message.ts'
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

/**
 * Gives names the sizes of this session, where ids last and sizes do not: some servers estimate them until a message is retrieved, or tell none
 * that can be read now and then. Where several messages, or names, share an id, their sizes are all that tells them apart.
 *
 * @param named holds the names by their keys, and so does the answer, as far as they have changed.
 */
export async function resizedNames(
  named: ReadonlyMap<string, MessageName>,
  messages: readonly Listed[],
): Promise<ReadonlyMap<string, MessageName>> {
  const keys = new Map<ShortHash, string | undefined>()
  for (const [key, { uidl }] of named) if (uidl !== undefined) keys.set(uidl, keys.has(uidl) ? undefined : key)
  const bearers = new Map<string, MessageName | undefined>()
  for await (const slice of slices(messages)) {
    for (const message of slice) {
      const name = messageName(message)
      const key = name.uidl && keys.get(name.uidl)
      if (key !== undefined) bearers.set(key, bearers.has(key) ? undefined : name)
    }
  }
  const resized = new Map<string, MessageName>()
  for (const [key, name] of bearers) if (name !== undefined && nameKey(name) !== key) resized.set(key, name)
  return resized
}
