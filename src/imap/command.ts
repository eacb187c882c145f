/** Sends one command to a store by imapflow's command layer, bounds the wait for its answer, and reads that answer. */
import type { ImapFlow } from 'imapflow'
import { getStatusCode } from 'imapflow/lib/tools.js'
import { withDeadline } from '../deadline.ts'
import { type Phase, phaseWords } from '../failure/phase.ts'
import { printable } from '../printable.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { sendCommand } from './insides.ts'

export type Attribute =
  | { readonly type: 'ATOM' | 'STRING' | 'SEQUENCE'; readonly value: string }
  | { readonly type: 'LITERAL'; readonly value: Buffer; readonly isLiteral8: boolean }

export const atom = (value: string): Attribute => ({ type: 'ATOM', value })
/** imapflow would quote an atom that holds `*`, and a quoted string is no sequence set (RFC 9051 section 9). */
export const sequence = (value: string): Attribute => ({ type: 'SEQUENCE', value })
export const string = (value: string): Attribute => ({ type: 'STRING', value })

/** An untagged answer: its words and lists in the form of imapflow's parser. */
export interface Untagged {
  readonly attributes?: readonly unknown[]
}

/** imapflow takes a NO with these words for an OK, as a server may mean it after a FETCH (RFC 2180 section 4.1.3). */
export const takenForOk = 'Some of the requested messages no longer exist'

/**
 * Sends a command and waits for its tagged OK; NO and BAD throw. A literal of up to 4096 octets is sent at once if the store has LITERAL+
 * or LITERAL-. Any other literal waits for its continuation request (RFC 7888 sections 4 and 5).
 */
export async function execute(
  client: ImapFlow,
  command: string,
  attributes: readonly (Attribute | readonly Attribute[])[],
  untagged: Readonly<Record<string, (answer: Untagged) => Promise<void>>> = {},
): Promise<unknown> {
  return responseOf(command, await sendCommand(client, command, attributes, { untagged }))
}

/** Works like `execute`, without arguments, and tells of each continuation request, in place of imapflow's own way. */
export async function executeAsked(client: ImapFlow, command: string, onPlusTag: () => void): Promise<unknown> {
  return responseOf(command, await sendCommand(client, command, [], { untagged: {}, onPlusTag }))
}

function responseOf(command: string, answer: unknown): unknown {
  if (!isRecord(answer) || typeof answer['next'] !== 'function')
    throw new Error(`imapflow gave no answer to ${command}`)
  Reflect.apply(answer['next'], answer, [])
  const response = answer['response']
  const status = isRecord(response) ? String(response['command']).toUpperCase() : ''
  if (status !== 'OK')
    throw Object.assign(new Error('Command failed'), { response, responseStatus: status, responseText: takenForOk })
  return response
}

/** The command has not ended in its time. */
export class OutOfTime extends SessionFailed {}

/**
 * Limits the time of one command. To stop waiting is not enough: the connection is closed, because a late answer would be taken for
 * the answer to the next command.
 */
export async function within<T>(
  client: ImapFlow,
  work: Promise<T>,
  {
    waitMs,
    during,
    signal,
  }: { readonly waitMs: number; readonly during: Phase; readonly signal?: AbortSignal | undefined },
): Promise<T> {
  const { host, port } = client
  const reason = `${host}:${port} came to no end with ${phaseWords(during)} in ${Math.round(waitMs / 1000)} s`
  return await withDeadline(work, {
    waitMs,
    signal,
    late: () => new OutOfTime({ kind: 'store unreachable', reason }),
    abandon: () => client.close(),
  })
}

/**
 * Tells whether an error is a NO or BAD: the store has answered, and done nothing. An answer without a tag may be about anything, and the
 * command's own answer may still come.
 */
export function isRefusal(error: unknown): error is Record<string, unknown> {
  if (!isRecord(error) || error['code'] === 'MissingTag') return false
  return error['responseStatus'] === 'NO' || error['responseStatus'] === 'BAD'
}

/** Reads the response code of a refused command (RFC 5530), in upper case; empty if there is none. */
export function codeOf(error: Record<string, unknown>): string {
  const code = error['serverResponseCode'] ?? getStatusCode(error['response'] as Parameters<typeof getStatusCode>[0])
  return typeof code === 'string' ? code.toUpperCase() : ''
}

/** What imapflow writes where a server gave no words. */
const noWords = new Set(['Command failed', 'Server closed connection'])

/** Reads the words with which the server ended the session. TLS errors have a `reason` too. */
export function byeOf(error: unknown): string | undefined {
  if (!isRecord(error) || !/^(?:NoConnection|ClosedAfterConnect)/.test(String(error['code']))) return undefined
  if (typeof error['reason'] !== 'string') return undefined
  return noWords.has(error['reason']) ? '' : error['reason']
}

/** Reads the words of a response code such as `[APPENDUID 4711 1:3]`; undefined if the answer has another code, or none. */
export function codeWordsOf(answer: unknown, code: string): string[] | undefined {
  const attributes = isRecord(answer) ? answer['attributes'] : undefined
  const first: unknown = Array.isArray(attributes) ? attributes[0] : undefined
  const section = isRecord(first) ? first['section'] : undefined
  if (!Array.isArray(section)) return undefined
  const [name, ...words] = section.map((part: unknown) => (isRecord(part) ? String(part['value']) : ''))
  return name?.toUpperCase() === code ? words : undefined
}

/**
 * Expands a `uid-set` (RFC 9051) of an answer; a range that no batch of ours makes is left out. imapflow's expandRange() makes up to
 * 2^24 numbers from an answer, and reads `3:1` as UIDs that descend.
 */
export function uidsOf(set: string): number[] {
  return set.split(',').flatMap((part) => {
    const [first = Number.NaN, last = first] = part.split(':').map(Number)
    const count = last - first + 1
    return count >= 1 && count <= 10_000 ? Array.from({ length: count }, (_, nth) => first + nth) : []
  })
}

/** Reads the words with which the server refused a command or ended the session, and makes them short and printable; empty: it gave none. */
export function wordsOf(error: unknown): string {
  if (isRefusal(error) && !error['responseText']) return ''
  const text = isRecord(error) ? (error['responseText'] ?? byeOf(error) ?? error['message']) : error
  return printable(String(text))
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
