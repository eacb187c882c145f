/** Tells whether a refusal or a lost session is about the store or about the request (RFC 5530, and habits of servers). */
import { hostOf } from '../account/server-traits.ts'
import type { Failure } from '../failure/failure.ts'
import { isFolderClosed, meaningOf, namedWaitMs, passes, speaksOfServer } from '../failure/meaning.ts'
import { type Phase, phaseCode } from '../failure/phase.ts'
import { saying } from '../failure/sentences.ts'
import { codeReason } from '../failure/socket-reasons.ts'
import { saysTokenEnded, tokenEndedWords } from '../failure/token-ended.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { printable } from '../printable.ts'
import { byeOf, codeOf, isRecord, isRefusal, wordsOf } from './command.ts'
import { imapLimits } from './limits.ts'
import { OtherGreeting, storeTlsReasonOf } from './tls.ts'

/** Codes that every account which gathers there would get. */
const wholeStore = new Set([
  'UNAVAILABLE',
  'AUTHENTICATIONFAILED',
  'AUTHORIZATIONFAILED',
  'EXPIRED',
  'PRIVACYREQUIRED',
  'CONTACTADMIN',
])

/** Codes about the folder, or the store at this moment, and never about the message that was sent. */
const folder = new Set(['INUSE', 'LIMIT', 'SERVERBUG', 'NOPERM', 'CORRUPTION', 'NONEXISTENT', 'TRYCREATE'])

/** The failure that a NO, a BAD, a BYE or the end of a session stands for; undefined if the request itself was refused. */
export function troubleOf(error: unknown, server: string, during: Phase): Failure | undefined {
  if (error instanceof SessionFailed) return error.failure
  const words = wordsOf(error)
  const code = isRecord(error) ? codeOf(error) : ''
  const refusal = isRefusal(error)
  if (refusal || byeOf(error) !== undefined) {
    const status = refusal ? String(error['responseStatus']) : 'BYE'
    const reply = [status, words, code === '' ? '' : `[${code}]`].filter((part) => part !== '').join(' ')
    const said = besideName(reply, during)
    if (during !== 'login' && saysTokenEnded(said))
      return { kind: 'store unreachable', reason: `${server}: ${tokenEndedWords}`, tokenEnded: true }
    const meaning = meaningOf(said)
    if (meaning === 'throttled' || meaning === 'quota used up') {
      const backOffMs = namedWaitMs(said)
      const named = backOffMs === undefined ? {} : { backOffMs }
      return { kind: 'throttled', server, reply, everyAccount: true, passes: true, ...named }
    }
    if (code === 'OVERQUOTA' || meaning === 'store full') return { kind: 'store full', reply }
    const isPassing = meaning !== undefined && passes(meaning) ? { passes: true as const } : {}
    if (isGreeting(error)) {
      const reason = `${server} is not taking connections: it ended the session${saying(words)}`
      return { kind: 'store unreachable', reason, bye: words, ...isPassing }
    }
    const isAppend = phaseCode(during) === 'APPEND'
    // Somebody has to open it, or to make room in it.
    const isClosed = refusal && isAppend && isFolderClosed(said)
    const passing = isClosed ? {} : isPassing
    if (wholeStore.has(code) || speaksOfServer(said))
      return { kind: 'store refused', during: isAppend ? 'APPEND' : during, reply, everyAccount: true, ...passing }
    if (folder.has(code) || (refusal && meaning === 'in use') || isClosed)
      return {
        kind: 'store refused',
        during: isAppend && !namesFolder(code, isClosed) ? 'APPEND' : during,
        reply,
        ...passing,
      }
    // Gmail's "System Error (Failure)" at an append may be about this message: evidence decides (pull/refusals.ts).
    if (refusal && meaning === 'temporary' && !isAppend) return { kind: 'store refused', during, reply, ...passing }
    return refusal ? undefined : { kind: 'store unreachable', reason: `${server} ended the session${saying(words)}` }
  }
  return { kind: 'store unreachable', reason: `${server}: ${storeReason(error, server)}` }
}

/** A refusal without the name that it repeats: "Mailbox doesn't exist: Temporary" says nothing about how long that is so. */
function besideName(reply: string, during: Phase): string {
  if (typeof during === 'string' || !('folder' in during)) return reply
  const name = printable(during.folder).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  // A folder "O" is not named by "Quota exceeded: Over quota".
  return reply.replace(new RegExp(`: ${name}(?![\\p{L}\\p{N}])`, 'gu'), ':')
}

/** A folder that is missing, in use or broken for a moment is not named: no setting of it helps. */
function namesFolder(code: string, isClosed: boolean): boolean {
  return isClosed || code === 'NOPERM' || code === 'LIMIT'
}

/** The server's first words were BYE (RFC 9051 section 7.1.5): no login was tried. */
function isGreeting(error: unknown): boolean {
  return isRecord(error) && error['atGreeting'] === true
}

/** Makes a failure of the run out of an error, if the request cannot be at fault: then any refusal is the store's trouble. */
export function failed(error: unknown, server: string, during: Phase): SessionFailed {
  if (error instanceof SessionFailed) return error
  const reply = wordsOf(error)
  return new SessionFailed(troubleOf(error, server, during) ?? { kind: 'store refused', during, reply }, error)
}

function storeReason(error: unknown, server: string): string {
  if (error instanceof OtherGreeting) return error.message
  const tls = storeTlsReasonOf(error, hostOf(server))
  if (tls !== undefined) return `no safe TLS connection: ${tls}`
  const code = isRecord(error) && typeof error['code'] === 'string' ? error['code'] : ''
  return ownReasons[code] ?? codeReason(code) ?? wordsOf(error)
}

/** The codes that imapflow adds to those of sockets. */
const ownReasons: Readonly<Record<string, string>> = {
  NoConnection: 'the connection ended',
  EConnectionClosed: 'the connection ended',
  ClosedAfterConnectText: 'it closed the connection at once',
  ClosedAfterConnectTLS: 'it closed the connection at once',
  GREETING_TIMEOUT: `it took the connection, and said nothing for ${imapLimits.storeGreetingWaitMs / 1000} s: check host and port; IMAP is mostly at port 993 with tls "implicit", and at port 143 with "starttls"`,
  CONNECT_TIMEOUT: 'it does not answer',
  LineTooLarge: 'it sends a line without an end: what answers there may be no IMAP server; check host and port',
  ResponseTooLarge: 'its answer has no end: what answers there may be no IMAP server; check host and port',
}
