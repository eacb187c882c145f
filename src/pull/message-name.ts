/** The name under which a message that fails is known from one session to the next. */
import type { MessageName } from '../ledger/ledger.ts'
import { listedUidlHash } from '../mail/header.ts'
import type { Listed } from '../mail/message.ts'

export function messageName(message: Listed): MessageName {
  return { uidl: listedUidlHash(message), size: message.size, place: message.number }
}

/** If messages share a UIDL, one that comes well must not clear another: their sizes tell them apart. */
export function nameKey({ uidl, size, place }: MessageName): string {
  return `${uidl ?? place} ${size}`
}
