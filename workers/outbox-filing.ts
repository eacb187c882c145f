/**
 * Appends a message of our own to a folder, once, whatever ends in between (DESIGN section 5): what is about to be appended is written down with
 * its token first; whoever goes on looks for it, and appends only what is not there. A store of our own takes it in a folder that nobody sees,
 * from which it is moved when that is written down, too; so neither an APPEND nor a MOVE that comes late makes two of it.
 */
import { SessionFailed } from '../src/failure/session-failed.ts'
import type { Intent } from '../src/ledger/ledger.ts'
import { shortHash } from '../src/mail/header.ts'
import type { ShortHash, Token } from '../src/mail/message.ts'
import { traceLine } from '../src/mail/trace.ts'
import type { Appended, Store, UnheldOctets } from '../src/pull/store-ports.ts'
import type { Filing } from '../src/send/entry.ts'

export interface FiledMessage {
  readonly folder: string
  readonly flags: readonly string[]
  readonly internalDate: Date
  /** All of it, or the lines that go in front of the rest. */
  readonly held: Buffer
  readonly rest?: UnheldOctets
}

export interface FilingSteps {
  /** What was under way before. */
  readonly filing: Filing | undefined
  readonly newToken: () => Token
  /** Writes down how far it is. @throws if somebody else has it now. */
  readonly note: (filing: Filing) => Promise<void>
}

export interface Filed {
  readonly folder: string
  readonly token: Token
  readonly uid: number | undefined
  readonly uidValidity: number | undefined
}

/** The store refuses this message, whatever the time. */
export class FilingRefused extends Error {
  override readonly name = 'FilingRefused'
}

/** @param load is called if it has to be appended. @throws SessionFailed if the store is at fault. */
export async function file(
  store: Store,
  { filing, newToken, note }: FilingSteps,
  folder: string,
  load: () => Promise<FiledMessage>,
): Promise<Filed> {
  const isOpen = filing !== undefined && !filing.isAppended
  const takenOver = await store.takeOver(isOpen ? [intentOf(filing)] : [])
  await takenOver.deliver(filing?.folder ?? folder, async () => (filing?.isAppended === true ? 1 : 0))
  if (filing !== undefined && (filing.isAppended || takenOver.tokens.has(filing.token))) {
    await store.finish()
    return { folder: filing.folder, token: filing.token, uid: undefined, uidValidity: undefined }
  }
  const message = await load()
  const token = newToken()
  const next: Filing = { folder, token, ...(await store.prepare(folder)), isAppended: false }
  await note(next)
  const appended = await appendOnce(store, next, message)
  await note({ ...next, isAppended: true })
  const { uidValidity, uids } = (await store.deliver(folder, appended)) ?? appended
  await store.finish()
  return { folder, token, uidValidity, uid: uids[0] }
}

async function appendOnce(store: Store, filing: Filing, message: FiledMessage): Promise<Appended> {
  const { flags, internalDate, held, rest } = message
  const { token, folder } = filing
  const literal = [lineOf(token), held]
  const answer = await store.append(folder, [{ token, literal, rest, internalDate }], flags)
  if (answer.status === 'stored') return answer.appended
  if (answer.status === 'unfit') throw new FilingRefused([...answer.reasons.values()].join(' '))
  const found = await store.find(intentOf(filing))
  if (found.tokens.has(token)) return found.appended
  if (answer.failure !== undefined) throw new SessionFailed(answer.failure)
  throw new FilingRefused(answer.reply)
}

/** No maildrop has this source: no pull takes it for a message that it has brought. Each copy is of a kind of its own (imap/takeover.ts). */
const source = shortHash(Buffer.from('what this gateway has written itself'))

function lineOf(token: Token): Buffer {
  return traceLine({ source, uidl: undefined, fingerprint: token.slice(0, 16) as ShortHash, token })
}

function intentOf({ folder, token, uidValidity, uidNext }: Filing): Intent {
  const hash = token.slice(0, 16) as ShortHash
  const entry = { token, uidl: undefined, fingerprint: { hash, weak: false }, digest: hash, size: 0 }
  return { id: token, folder, uidValidity, uidNext, entries: [entry], writtenAtSeconds: 0 }
}
