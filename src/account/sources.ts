/** The SOURCE hashes under which the mail of an account may lie in a store (CONTRACT section 7). Pure. */
import { type MaildropSource, sourceHash } from '../mail/header.ts'
import type { ShortHash } from '../mail/message.ts'
import { formerHosts, normalHost } from './host.ts'

/** That of the host as it was first registered, that of its normal form, and those that an earlier version took of other forms. */
export function sourcesOf(maildrop: MaildropSource): ReadonlySet<ShortHash> {
  const { host, port, user } = maildrop
  const normal = normalHost(host) ?? host
  const hosts = [host, normal, ...formerHosts(normal)]
  return new Set([sourceHash(maildrop), ...hosts.map((form) => sourceHash({ host: form, port, user }))])
}

/** The name of an account's source among those that its destination remembers: the same in every form of its host. */
export function formerSourceName({ host, port, user }: MaildropSource): ShortHash {
  return sourceHash({ host: normalHost(host) ?? host, port, user })
}
