/**
 * MULTIAPPEND (RFC 3502) sends a batch in one command, which stores all of it or nothing. imapflow's own `append()` takes one message at
 * a time, and answers `false` or `undefined`, without throwing, when the session has ended; so its command layer is used.
 */
import type { ImapFlow } from 'imapflow'
import { formatDateTime } from 'imapflow/lib/tools.js'
import { isDeletedFlag } from '../account/account.ts'
import type { Failure } from '../failure/failure.ts'
import type { Token } from '../mail/message.ts'
import { imapLimits } from './limits.ts'
import type { Literals } from './literals.ts'
import type { AppendAnswer, Appended, Copy, FolderPosition } from '../pull/store-ports.ts'
import { printable } from '../printable.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { isTokenCut } from '../failure/token-ended.ts'
import { isAtomFlag } from './atom-flag.ts'
import { byeOf, codeOf, isRefusal, OutOfTime, within, wordsOf } from './command.ts'
import { encodedPathOf, serverOf } from './connection.ts'
import { isMissing, isStaging } from './folder.ts'
import { continuation, exactly, executePieces, type CommandPiece, quoted, SourceFailed } from './pieces.ts'
import { judged } from './proof.ts'
import { failed, troubleOf } from './trouble.ts'
import { withheld } from './withheld.ts'

/** The messages of one APPEND, and their folder. */
export interface Batch {
  readonly folder: string
  readonly copies: readonly Copy[]
  readonly flags: readonly string[]
}

/** The rules by which a store takes messages, beside its announced capabilities. */
export interface AppendRules {
  /** The limit in octets that STATUS gave for this folder (RFC 7889 section 5). */
  readonly folderLimit?: number | undefined
  /** The place of the next message in this folder, as the store has last reported it. */
  readonly position?: FolderPosition | undefined
  /** The store is a Dovecot, whatever it answers to ID. */
  readonly dovecot?: boolean
  /** Is asked before the last CRLF is sent (withheld.ts). If it is undefined, the CRLF may be sent late. */
  readonly mayCommit?: (() => boolean) | undefined
  /** What is known of the server's literals; undefined: it is believed. */
  readonly literals?: Literals | undefined
  /** The time that the answer may take. The time for sending is not counted. */
  readonly answerWaitMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Appends a batch: all of it or none. Unless the answer is clear, the connection is closed.
 *
 * @throws SessionFailed if the store is at fault.
 */
export async function multiAppend(client: ImapFlow, batch: Batch, rules: AppendRules = {}): Promise<AppendAnswer> {
  const { folder, copies } = batch
  const flags = batch.flags.filter((flag) => isAtomFlag(flag) && !isDeletedFlag(flag))
  const { folderLimit, dovecot = false, mayCommit, answerWaitMs = imapLimits.appendWaitMs, signal } = rules
  const nul = nulRule(client, dovecot)
  const reasons = unfitReasons(copies, nul, limitOf(client, folderLimit))
  if (reasons.size > 0) return { status: 'unfit', reasons }

  const octets = copies.reduce((sum, copy) => sum + copyOctets(copy), 0)
  const waitMs = answerWaitMs + octets / imapLimits.appendOctetsPerMs
  const path = encodedPathOf(client, folder)
  const literals = literalsOf(client, copies, rules.literals)
  const form = (copy: Copy): LiteralForm => {
    const frame = nul === 'literal8' && holdsNul(copy) ? '~{' : '{'
    return { frame, isAwaited: !literals.goesAtOnce(copyOctets(copy)) }
  }
  const send = async () => await executePieces(client, 'APPEND', piecesOf(path, copies, flags, form))
  const work = mayCommit === undefined ? send() : withheld(client, mayCommit, send)
  try {
    const response = await within(client, work, { waitMs, during: 'APPEND', signal })
    const expected = {
      messages: copies.length,
      announced: client.capabilities.has('UIDPLUS'),
      position: rules.position,
    }
    literals.ended(true)
    const { appended, doubt } = judged(response, expected)
    return doubt === undefined ? { status: 'stored', appended } : doubtful(doubt, appended)
  } catch (error) {
    if (error instanceof SourceFailed) throw error
    const isBad = isRefusal(error) && error['responseStatus'] === 'BAD'
    const ended = failed(error, serverOf(client), 'APPEND').failure
    if (isTokenCut(ended)) {
      literals.understood()
      client.close()
      return broken(error, serverOf(client))
    }
    if (isRefusal(error) && !isBad) {
      literals.understood()
      return await refused(client, error, folder, signal)
    }
    const again = literals.ended(false)
    if (isRefusal(error) && !again) return await refused(client, error, folder, signal)
    client.close()
    if (isRefusal(error)) return refusalOf(error, serverOf(client), folder)
    if (signal?.aborted || (error instanceof SessionFailed && !(error instanceof OutOfTime))) throw error
    return broken(error, serverOf(client))
  }
}

/** Interprets the end of a session in the middle of an append. It may be the message that ends it, whatever the words are. */
function broken(error: unknown, server: string): AppendAnswer {
  const failure = failed(error, server, 'APPEND').failure
  if (insists(failure)) throw new SessionFailed(failure, error)
  const bye = byeOf(error)
  const reason = failure.kind === 'store unreachable' ? failure.reason : ''
  const reply = bye === undefined ? reason : `BYE ${printable(bye)}`.trimEnd()
  return { status: 'broken', reply, failure, ...(error instanceof OutOfTime ? { isSilent: true } : {}) }
}

/** A store that names a time is left alone for that time; nobody asks it once more. */
function insists(failure: Failure): boolean {
  return failure.kind === 'throttled' && failure.backOffMs !== undefined
}

/** Names the messages that this store cannot take, with the reasons. */
function unfitReasons(copies: readonly Copy[], nul: NulRule, limit: number): Map<Token, string> {
  const reasons = new Map<Token, string>()
  for (const copy of copies) {
    const octets = copyOctets(copy)
    if (octets > limit) reasons.set(copy.token, `${octets} octets; the store takes up to ${limit} (APPENDLIMIT)`)
    else if (nul === 'refused' && holdsNul(copy))
      reasons.set(
        copy.token,
        'it holds NUL, and the store does not offer BINARY, without which none may be sent (RFC 3516)',
      )
  }
  return reasons
}

interface LiteralForm {
  readonly frame: '{' | '~{'
  /** The server is to ask for it. */
  readonly isAwaited: boolean
}

/** The arguments, without copying a literal. Flags are atoms by their form. */
async function* piecesOf(
  path: string,
  copies: readonly Copy[],
  flags: readonly string[],
  formOf: (copy: Copy) => LiteralForm,
): AsyncGenerator<CommandPiece> {
  for (const [nth, copy] of copies.entries()) {
    const { frame, isAwaited } = formOf(copy)
    const folder = nth === 0 ? quoted(path) : ''
    const literal = `${frame}${copyOctets(copy)}${isAwaited ? '' : '+'}}`
    yield Buffer.from(`${folder} (${flags.join(' ')}) "${formatDateTime(copy.internalDate)}" ${literal}\r\n`)
    if (isAwaited) yield continuation
    yield* copy.literal
    if (copy.rest !== undefined) yield* exactly(copy.rest)
  }
}

function copyOctets({ literal, rest }: Copy): number {
  return literal.reduce((sum, { length }) => sum + length, rest?.octets ?? 0)
}

function holdsNul({ literal }: Copy): boolean {
  return literal.some((piece) => piece.includes(0))
}

/** The way in which a message that holds NUL is sent. */
type NulRule = 'any literal' | 'literal8' | 'refused'

/**
 * RFC 3516: only literal8 may hold NUL. Dovecot takes it in any literal and keeps it; in a literal8 it rewrites parts of
 * `Content-Transfer-Encoding: binary` as base64 (measured on 2.3.19; docs/decisions/0002).
 */
function nulRule(client: ImapFlow, dovecot: boolean): NulRule {
  if (dovecot || client.serverInfo?.name === 'Dovecot') return 'any literal'
  return client.capabilities.has('BINARY') ? 'literal8' : 'refused'
}

/**
 * The largest number of octets that a message may have (RFC 7889). A limit of 0 says that nothing at all is taken: then the store has to
 * answer, and no message is at fault.
 */
function limitOf(client: ImapFlow, folderLimit: number | undefined): number {
  const everywhere = client.capabilities.get('APPENDLIMIT')
  return folderLimit || (typeof everywhere === 'number' && everywhere) || Number.POSITIVE_INFINITY
}

/**
 * Interprets a NO or BAD, after which nothing is stored, even if the session ends behind it. If it is about the store, and not about these
 * messages, it fails the run instead.
 */
async function refused(
  client: ImapFlow,
  error: Record<string, unknown>,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<AppendAnswer> {
  const answer = refusalOf(error, serverOf(client), folder)
  // A server may end the session after its refusal, and be slow about it: then this connection is given to nobody else.
  await within(client, client.noop(), { waitMs: imapLimits.storeReplyWaitMs, during: 'NOOP', signal }).catch(() => {})
  if (!client.usable || client.byeReason !== undefined) client.close()
  return answer
}

/**
 * Words that mean the store may be said of one message, too (Dovecot's [LIMIT], a virus scanner's [UNAVAILABLE]): pull/refusals.ts looks for
 * evidence.
 *
 * @throws SessionFailed if the folder is missing, or if the store names a time.
 */
function refusalOf(error: Record<string, unknown>, server: string, folder: string): AppendAnswer {
  // Nobody knows a folder of our own by its name.
  const during = isStaging(folder) ? 'APPEND' : ({ code: 'APPEND', folder } as const)
  const failure = troubleOf(error, server, during)
  if (failure !== undefined && (isMissing(error) || insists(failure))) throw new SessionFailed(failure, error)
  const code = codeOf(error)
  const reply = [String(error['responseStatus']), wordsOf(error), code === '' ? '' : `[${code}]`]
    .filter((part) => part !== '')
    .join(' ')
  return { status: 'refused', reply, ...(failure === undefined ? {} : { failure }) }
}

interface LiteralWay {
  /** A literal of that size is sent without being asked for. */
  readonly goesAtOnce: (octets: number) => boolean
  /** @returns whether the announced way is suspected now. */
  readonly ended: (isTaken: boolean) => boolean
  /** The store refused the messages themselves, so it takes literals in this way. */
  readonly understood: () => void
}

/** Decides how the literals of a batch are sent. */
function literalsOf(client: ImapFlow, copies: readonly Copy[], literals: Literals | undefined): LiteralWay {
  const server = serverOf(client)
  const sizes = copies.map(copyOctets)
  // LITERAL- lets only small literals go at once (RFC 7888 section 5).
  const isPlus = client.capabilities.has('LITERAL+')
  const octets = isPlus ? Math.max(...sizes) : Math.min(...sizes)
  const isBelieved = literals?.sendsAtOnce(server, octets) ?? true
  const most = isPlus ? Number.POSITIVE_INFINITY : client.capabilities.has('LITERAL-') ? 4096 : -1
  const goesAtOnce = (size: number) => isBelieved && size <= most
  // On this connection smaller ones wait as well.
  const hidden = isBelieved ? [] : ['LITERAL+', 'LITERAL-'].filter((name) => client.capabilities.delete(name))
  const ended = (isTaken: boolean) => {
    const isSuspect = literals?.ended(server, octets, { atOnce: goesAtOnce(octets), isTaken }) ?? false
    if (literals?.sendsAtOnce(server, octets)) for (const name of hidden) client.capabilities.set(name, true)
    return isSuspect
  }
  return {
    goesAtOnce,
    ended,
    understood: () => literals?.understood(server),
  }
}

/** An OK that proves nothing. The failure is the run's if the messages are not found either. */
export function doubtful(doubt: string, appended: Appended): AppendAnswer & { readonly status: 'broken' } {
  const reply = `OK (${printable(doubt)}), and the folder does not hold it`
  return { status: 'broken', reply, failure: { kind: 'store refused', during: 'APPEND', reply }, appended }
}
