/** The failure of a connection on which an answer did not come, by what was heard before. Pure. */
import type { Failure } from '../failure/failure.ts'
import { isMessagePhase, type Phase, phaseCode, phaseWords } from '../failure/phase.ts'
import { greetingWords, protocolIn } from '../failure/spoken.ts'
import { isLimit, passingRefusal, refusal } from './replies.ts'

/** A refusal, and the command that was refused. */
export interface RefusedBefore {
  readonly text: string
  readonly during: Phase
}

interface LastHeard {
  readonly server: string
  /** A line of the server's own that was all that it has said. */
  readonly notice: string | undefined
}

/** The server did not answer in time. */
export function lateFailure(
  { server, notice, endsInDot }: LastHeard & { readonly endsInDot: boolean },
  during: Phase,
  late: { readonly waitedMs: number; readonly slow: boolean },
): Failure {
  if (endsInDot) {
    const got = 'a dot at the end of a line, and silence'
    return { kind: 'broken protocol', server, expected: `the end of ${phaseWords(during)}`, got }
  }
  const { waitedMs, slow } = late
  return somethingElse(server, notice) ?? { kind: 'silent', server, during, waitedMs, ...(slow ? { slow } : {}) }
}

/**
 * The connection ended.
 *
 * @param during what the server owed an answer to; undefined: it owed none.
 */
export function endFailure(
  { server, notice, refused }: LastHeard & { readonly refused: RefusedBefore | undefined },
  during: Phase | undefined,
  reason: string,
): Failure {
  return somethingElse(server, notice) ?? toldBeforeTheEnd(server, refused) ?? hungUp(server, during, reason)
}

/** The failure of a server that speaks another protocol, which is known by its first octets; TLS never ends its first line. */
export function greetingFailure(server: string, heard: string): Failure | undefined {
  const speaks = protocolIn(heard)
  if (speaks === undefined || speaks === 'POP3') return undefined
  return { kind: 'broken protocol', server, expected: 'a greeting of POP3', got: greetingWords(heard), speaks }
}

function somethingElse(server: string, notice: string | undefined): Failure | undefined {
  if (notice === undefined) return undefined
  return { kind: 'broken protocol', server, expected: 'a line that begins with +OK or -ERR', got: notice }
}

/** Some servers say why, and then hang up. At a message only a limit is a reason that has nothing to do with this message. */
function toldBeforeTheEnd(server: string, before: RefusedBefore | undefined): Failure | undefined {
  if (before === undefined) return undefined
  const { text, during } = before
  if (!isMessagePhase(during) || isLimit(text)) return passingRefusal(server, text, during)
  // It hung up behind the refusal of a message: that message may be the reason, and not the command whose answer is due now.
  const refused = during.code === 'RETR' ? refusal(server, text, during) : undefined
  return refused?.kind === 'provider refused' ? refused : undefined
}

function hungUp(server: string, during: Phase | undefined, reason: string): Failure {
  const where = during === undefined ? '' : ` during ${phaseWords(during)}`
  // Some servers hang up in place of an answer (free.fr and AOL, MailKit issue 856): the password may be the reason as well as the line.
  const login = during !== undefined && ['PASS', 'AUTH'].includes(phaseCode(during))
  const why = login ? '; the user name or password may be wrong, or the visits too many' : ''
  const cause = login ? { cause: 'hung up at login' as const } : {}
  return { kind: 'unreachable', server, during: during ?? 'connection', reason: `${reason}${where}${why}`, ...cause }
}
