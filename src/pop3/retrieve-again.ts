/** Retrieves one message once more, in a session of its own, for a person to look at. Nothing is stored, marked or deleted. */
import { fieldsOf, headerFingerprint, headerOf, listedUidlHash } from '../mail/header.ts'
import type { LedgerRecord } from '../ledger/ledger.ts'
import type { MaildropListing } from '../mail/listing.ts'
import type { Listed, ShortHash } from '../mail/message.ts'
import { pop3Limits } from './limits.ts'
import { messageDigest, toCrlf } from '../mail/octets.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { slices } from '../slices.ts'
import { Pop3Session, type SessionOptions } from './session.ts'

/** The ledger's facts about the message. */
export type Known = Pick<LedgerRecord, 'uidl' | 'size' | 'fingerprint' | 'digest'>

/** The number of messages that are retrieved if the provider's names do not identify the message. */
const candidatesMax = 10

/** Gives its bytes as they come; undefined if the provider does not have it any more. @throws SessionFailed */
export async function retrieveAgain(options: SessionOptions, known: Known): Promise<Buffer | undefined> {
  const session = new Pop3Session(options)
  try {
    await session.logIn()
    const candidates = await candidatesOf(session, await session.list(), known)
    let found: Buffer | undefined
    for (const candidate of candidates.slice(0, candidatesMax)) {
      const bytes = await retrieve(session, candidate, options)
      // If its name is unique, it is given as it is now; otherwise its bytes must prove it.
      const proven = candidates.length === 1 || (await isKnown(bytes, known))
      if (proven) found = bytes
      if (proven) break
    }
    await session.quit()
    return found
  } finally {
    session.abandon()
  }
}

/** Finds it by UIDL if only one message bears it, otherwise by size and fingerprint. */
async function candidatesOf(session: Pop3Session, listing: MaildropListing, known: Known): Promise<Listed[]> {
  const named: Listed[] = []
  for await (const slice of slices(listing))
    for (const message of slice) if (listedUidlHash(message) === known.uidl) named.push(message)
  if (known.uidl !== undefined && named.length <= 1) return named
  const sized = named.filter(({ size }) => size === known.size)
  const wanted = known.fingerprint?.hash
  if (wanted === undefined || wanted === nothingSeen || !session.canPeek) return sized
  const alike: Listed[] = []
  for await (const { message, header } of session.peek(sized))
    if (header === undefined || headerFingerprint(fieldsOf(headerOf(header))).hash === wanted) alike.push(message)
  return alike
}

const nothingSeen: ShortHash = headerFingerprint([]).hash

async function isKnown(bytes: Buffer, { digest, fingerprint }: Known): Promise<boolean> {
  const normal = await toCrlf(bytes)
  if (digest !== undefined) return (await messageDigest(normal)) === digest
  const wanted = fingerprint?.hash
  return wanted === undefined || wanted === nothingSeen || headerFingerprint(fieldsOf(headerOf(normal))).hash === wanted
}

async function retrieve(session: Pop3Session, message: Listed, { host }: SessionOptions): Promise<Buffer> {
  const server = host
  for await (const { retrieved, refused, cut } of session.retrieve([message], pop3Limits.downloadOctetsMax)) {
    const [whole] = retrieved
    if (whole !== undefined) return whole.bytes
    const [no] = refused
    if (no !== undefined) throw new SessionFailed({ kind: 'provider refused', server, during: 'RETR', reply: no.reply })
    const [large] = cut
    const reason = `it has ${large?.octets ?? 0} octets, and up to ${pop3Limits.downloadOctetsMax} are shown`
    throw new SessionFailed({ kind: 'internal', reason })
  }
  throw new SessionFailed({ kind: 'internal', reason: 'the message came to nothing' })
}
