/** One command to a store through imapflow's command layer, with an end in time and its answer told honestly. */
import type { ImapFlow } from 'imapflow'
import { getStatusCode } from 'imapflow/lib/tools.js'
import { type Phase, phaseWords } from '../failure/phase.ts'
import { printable } from '../printable.ts'
import { SessionFailed } from '../failure/session-failed.ts'

export type Attribute =
  | { readonly type: 'ATOM' | 'STRING'; readonly value: string }
  | { readonly type: 'LITERAL'; readonly value: Buffer; readonly isLiteral8: boolean }

export const atom = (value: string): Attribute => ({ type: 'ATOM', value })
export const string = (value: string): Attribute => ({ type: 'STRING', value })

/** An untagged answer: its words and lists as imapflow's parser leaves them. */
export interface Untagged {
  readonly attributes?: readonly unknown[]
}

/** With these words imapflow takes a NO for an OK, as it may be meant of a FETCH (RFC 2180 section 4.1.3). */
export const takenForOk = 'Some of the requested messages no longer exist'

/**
 * The tagged OK; NO and BAD throw. imapflow keeps `exec` out of its types. A version that drops it fails here, before
 * anything is sent. A literal of up to 4096 octets goes at once where the store has LITERAL+ or LITERAL-, any other waits for its
 * continuation request (RFC 7888 sections 4 and 5).
 */
export async function execute(
  client: ImapFlow,
  command: string,
  attributes: readonly (Attribute | readonly Attribute[])[],
  untagged: Readonly<Record<string, (answer: Untagged) => Promise<void>>> = {},
): Promise<unknown> {
  const exec: unknown = Reflect.get(client, 'exec')
  if (typeof exec !== 'function') throw new Error('imapflow has no exec() any more')
  const answer: unknown = await Reflect.apply(exec, client, [command, attributes, { untagged }])
  if (!isRecord(answer) || typeof answer['next'] !== 'function')
    throw new Error(`imapflow gave no answer to ${command}`)
  Reflect.apply(answer['next'], answer, [])
  const response = answer['response']
  const status = isRecord(response) ? String(response['command']).toUpperCase() : ''
  if (status !== 'OK')
    throw Object.assign(new Error('Command failed'), { response, responseStatus: status, responseText: takenForOk })
  return response
}

/** A command came to no end in the time that it had. */
export class OutOfTime extends SessionFailed {}

/**
 * Gives one command an end. Leaving it is not enough: the connection is closed, or a late answer would be taken for the
 * next command's.
 */
export async function within<T>(
  client: ImapFlow,
  waitMs: number,
  during: Phase,
  work: Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  let onAbort: (() => void) | undefined
  const end = new Promise<never>((_resolve, reject) => {
    const give = (error: unknown) => {
      // First: closing it fails the command as well, in other words.
      reject(error)
      client.close()
    }
    // It may have said much.
    const reason = `${client.host}:${client.port} came to no end with ${phaseWords(during)} in ${Math.round(waitMs / 1000)} s`
    timer = setTimeout(() => give(new OutOfTime({ kind: 'store unreachable', reason })), waitMs)
    onAbort = () => give(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
  })
  work.catch(() => {})
  try {
    return await Promise.race([work, end])
  } finally {
    clearTimeout(timer)
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort)
  }
}

/** NO or BAD: the store has answered, and done nothing. One without a tag may be meant of anything, and the answer still come. */
export function isRefusal(error: unknown): error is Record<string, unknown> {
  if (!isRecord(error) || error['code'] === 'MissingTag') return false
  return error['responseStatus'] === 'NO' || error['responseStatus'] === 'BAD'
}

/** The response code of a refused command (RFC 5530), upper case; empty for none. */
export function codeOf(error: Record<string, unknown>): string {
  const code = error['serverResponseCode'] ?? getStatusCode(error['response'] as Parameters<typeof getStatusCode>[0])
  return typeof code === 'string' ? code.toUpperCase() : ''
}

/** With what words the server ended the session. Errors of TLS have a `reason` too. */
export function byeOf(error: unknown): string | undefined {
  if (!isRecord(error) || !/^(?:NoConnection|ClosedAfterConnect)/.test(String(error['code']))) return undefined
  return typeof error['reason'] === 'string' ? error['reason'] : undefined
}

/** A response code's words, such as those of `[APPENDUID 4711 1:3]`; undefined where the answer bears another one, or none. */
export function codeWordsOf(answer: unknown, code: string): string[] | undefined {
  const attributes = isRecord(answer) ? answer['attributes'] : undefined
  const first: unknown = Array.isArray(attributes) ? attributes[0] : undefined
  const section = isRecord(first) ? first['section'] : undefined
  if (!Array.isArray(section)) return undefined
  const [name, ...words] = section.map((part: unknown) => (isRecord(part) ? String(part['value']) : ''))
  return name?.toUpperCase() === code ? words : undefined
}

/** RFC 9051 `uid-set` of numbers and ranges; a range that is no batch of ours is not spelled out. */
export function uidsOf(set: string): number[] {
  return set.split(',').flatMap((part) => {
    const [first = Number.NaN, last = first] = part.split(':').map(Number)
    const count = last - first + 1
    return count >= 1 && count <= 10_000 ? Array.from({ length: count }, (_, nth) => first + nth) : []
  })
}

/** The other way round; of UIDs that ascend. */
export function uidSetOf(uids: readonly number[]): string {
  const ranges: [number, number][] = []
  for (const uid of uids) {
    const range = ranges.at(-1)
    if (range !== undefined && range[1] + 1 === uid) range[1] = uid
    else ranges.push([uid, uid])
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}:${last}`)).join()
}

/** The server's own words of a refused command, or with which it ended the session: bounded, printable. */
export function wordsOf(error: unknown): string {
  const text = isRecord(error) ? (error['responseText'] ?? byeOf(error) ?? error['message']) : error
  return printable(String(text))
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
