/** A destination: an IMAP login into which accounts are gathered (CONTRACT section 3). */
import { createHash } from 'node:crypto'
import type { Mistake } from './mistake.ts'
import { openedProxy, type Proxy, type SealedProxy, viaOf } from './proxy.ts'
import { reachOf } from './reach.ts'
import type { Seal } from '../seal.ts'
import type { InstanceSettings } from './instance-settings.ts'
import type { DestinationId } from '../mail/message.ts'
import type { ServerLogin } from './account.ts'
import type { LoginTrait } from './server-traits.ts'

interface Any {
  readonly id: DestinationId
  readonly createdAtMs: number
  /** The octets that first imports may bring into it in an hour; null: as many as there are. An earlier version did not have it. */
  readonly importBytesPerHour?: number | null
}

/** `hosted` is a login of our own store, and `imap` is a login of any other server. */
export type Destination =
  | ({ readonly kind: 'hosted'; readonly login: string } & Any)
  | ({ readonly kind: 'imap' } & Any & ServerLogin)

/** The settings of an `imap` destination that a request may leave out. */
export const destinationDefaults = { tls: 'implicit', tlsVerify: true, tlsFingerprint: null } as const

/** A login of the hosted store, in the form of its users file. */
export interface HostedLogin {
  readonly login: string
  /** The hash with its scheme: `{ARGON2ID}$argon2id$...`. */
  readonly passwordHash: string
}

/** A destination as it is stored (redis/destinations.ts). */
interface SealedDestination extends SealedProxy {
  readonly destination: Destination
  readonly sealedPassword: string | null
  /** True if an owner has chosen host and port, and not an admin. */
  readonly guarded?: true
  /** What logins have taught, where anybody may speak on the line. */
  readonly loginTraits?: readonly LoginTrait[]
}

/** Gives the data that are needed to connect to a destination. @param proxy the instance's. */
export function targetOf(
  { destination, sealedPassword, sealedProxyPassword, guarded, loginTraits = [] }: SealedDestination,
  seal: Seal,
  settings: InstanceSettings,
  proxy: Proxy | undefined,
) {
  // No proxy leads to the hosted store.
  if (destination.kind === 'hosted') return destination
  const password = seal.open(sealedPassword ?? '', destination.id, 'password')
  const own = openedProxy(destination, sealedProxyPassword === undefined ? {} : { sealedProxyPassword }, seal)
  const via = viaOf(destination.host, own, proxy)
  const reach = reachOf(guarded === true, 'imap', settings)
  return { ...destination, password, reach, via, loginTraits, loginVersion: loginVersionOf(sealedPassword) }
}

/** Is another one whenever the password was set, be it the same: what was learnt of the login before holds no more. */
export function loginVersionOf(sealedPassword: string | null): string {
  return createHash('sha256')
    .update(sealedPassword ?? '')
    .digest('base64url')
    .slice(0, 16)
}

/** Says what is wrong with a folder whose levels hold the separator of the server; undefined: nothing. Our separator is always `/`. */
export function levelMistake(folder: string, separator: string): string | undefined {
  const level = separator === '/' ? undefined : folder.split('/').find((one) => one.includes(separator))
  if (level === undefined) return undefined
  return `"${separator}" parts the levels of folders there, so "${level}" would become several folders; choose a name without it`
}

/**
 * The rule for folders of the hosted store: its Dovecot keeps each level as a folder of the file system, in modified UTF-7, and
 * refuses these (seen with 2.3.19).
 *
 * @returns undefined if nothing is wrong.
 */
export function hostedFolderMistake(folder: string): string | undefined {
  const levels = folder.split('/')
  if (folder.startsWith('~')) return 'must not begin with ~'
  if (levels.some((level) => level === '.' || level === '..')) return 'must not have a level that is . or ..'
  if (levels.some((level) => /^dbox-mails$/i.test(level))) return 'must not be dbox-Mails: the store needs that name'
  if (levels.some((level) => encodedOctets(level) > levelOctetsMax)) return 'must be shorter: a level of it is too long'
  return undefined
}

/** The keywords that Dovecot refuses for their length: with one of them it takes no mail (seen with 2.3.19). */
export function hostedFlagMistakes(flags: readonly string[]): Mistake[] {
  return flags.flatMap((flag, nth) =>
    flag.length > keywordLettersMax
      ? [
          {
            pointer: `/flags/${nth}`,
            detail: `must have up to ${keywordLettersMax} letters: the store takes none longer`,
          },
        ]
      : [],
  )
}

const keywordLettersMax = 50

/** The file system takes 255 octets. */
const levelOctetsMax = 255

/** The length in modified UTF-7 (RFC 3501 section 5.1.3): characters beyond ASCII are base64 of UTF-16, between `&` and `-`. */
function encodedOctets(level: string): number {
  let octets = 0
  for (const [run] of level.matchAll(/[\x20-\x7e]+|[^\x20-\x7e]+/g))
    octets += /^[\x20-\x7e]/.test(run) ? run.replaceAll('&', '&-').length : Math.ceil((run.length * 16) / 6) + 2
  return octets
}
