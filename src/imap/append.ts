/**
 * MULTIAPPEND (RFC 3502): a batch in one command, all of it or nothing. imapflow's own `append()` takes one message at a
 * time, and answers `false` or `undefined`, without throwing, when the session has ended; so its command layer is used.
 */
import type { ImapFlow } from 'imapflow'
import { getStatusCode } from 'imapflow/lib/tools.js'
import { SessionFailed } from '../failure.ts'
import { limits } from '../limits.ts'
import type { Appended, Copy, Store } from '../ports.ts'
import { encodedPathOf, isRecord, unreachable, within, wordsOf } from './connection.ts'

type Attribute =
  | { readonly type: 'ATOM' | 'STRING'; readonly value: string }
  | { readonly type: 'LITERAL'; readonly value: Buffer; readonly isLiteral8: boolean }

type Answer = Awaited<ReturnType<Store['append']>>

/** @throws SessionFailed where nobody knows whether it was stored; the connection is closed then. */
export async function multiAppend(
  client: ImapFlow,
  folder: string,
  copies: readonly Copy[],
  flags: readonly string[],
  signal?: AbortSignal,
): Promise<Answer> {
  const limit = client.capabilities.get('APPENDLIMIT')
  const tooLarge = typeof limit === 'number' && copies.find(({ literal }) => literal.length > limit)
  if (tooLarge)
    return {
      status: 'refused',
      reply: `${tooLarge.literal.length} octets; the store takes up to ${limit} (APPENDLIMIT)`,
    }

  // RFC 3516: only literal8 may hold NUL. Dovecot takes it in any literal and keeps it; in a literal8 it rewrites parts of
  // `Content-Transfer-Encoding: binary` as base64 (measured on 2.3.19; docs/decisions/0002).
  const binary = client.capabilities.has('BINARY') && client.serverInfo?.name !== 'Dovecot'
  const attributes: (Attribute | Attribute[])[] = [{ type: 'ATOM', value: encodedPathOf(client, folder) }]
  for (const { literal, internalDate } of copies) {
    attributes.push(
      flags.map((value) => ({ type: 'ATOM', value })),
      { type: 'STRING', value: dateTime(internalDate) },
      { type: 'LITERAL', value: literal, isLiteral8: binary && literal.includes(0) },
    )
  }
  try {
    const response = await within(client, limits.appendWaitMs, 'APPEND', execute(client, 'APPEND', attributes), signal)
    return { status: 'stored', appended: appendedOf(response) }
  } catch (error) {
    if (error instanceof SessionFailed || !isRefusal(error)) {
      client.close()
      throw unreachable(error)
    }
    return refused(error)
  }
}

/** NO and BAD store nothing. What is about the store as a whole, and not about these messages, fails the run instead. */
function refused(error: Record<string, unknown>): Answer {
  const reply = `${String(error['responseStatus'])} ${wordsOf(error)}`
  const code = codeOf(error)
  if (code === 'OVERQUOTA' || /quota|mailbox (?:is )?full/i.test(reply))
    throw new SessionFailed({ kind: 'store full', reply })
  const temporary = new Set(['UNAVAILABLE', 'SERVERBUG', 'INUSE', 'LIMIT', 'AUTHORIZATIONFAILED', 'NOPERM'])
  if (temporary.has(code) || error['code'] === 'ETHROTTLE') {
    throw new SessionFailed({ kind: 'store refused', during: 'APPEND', reply })
  }
  return { status: 'refused', reply: code === '' ? reply : `${reply} [${code}]` }
}

export function isRefusal(error: unknown): error is Record<string, unknown> {
  return isRecord(error) && (error['responseStatus'] === 'NO' || error['responseStatus'] === 'BAD')
}

/** The response code of a refused command (RFC 5530), upper case; empty for none. */
export function codeOf(error: Record<string, unknown>): string {
  const code = error['serverResponseCode'] ?? getStatusCode(error['response'] as Parameters<typeof getStatusCode>[0])
  return typeof code === 'string' ? code.toUpperCase() : ''
}

/** The tagged OK. imapflow keeps `exec` out of its types. A version that drops it fails here, before anything is sent. */
async function execute(
  client: ImapFlow,
  command: string,
  attributes: readonly (Attribute | Attribute[])[],
): Promise<unknown> {
  const exec: unknown = Reflect.get(client, 'exec')
  if (typeof exec !== 'function') throw new Error('imapflow has no exec() any more')
  const answer: unknown = await Reflect.apply(exec, client, [command, attributes, {}])
  if (!isRecord(answer) || typeof answer['next'] !== 'function') throw new Error('imapflow gave no answer to APPEND')
  Reflect.apply(answer['next'], answer, [])
  return answer['response']
}

/** `[APPENDUID uidvalidity uid-set]` of the tagged OK (RFC 4315 section 3), where the server has UIDPLUS. */
function appendedOf(response: unknown): Appended {
  const none = { uidValidity: undefined, uids: [] }
  const attributes = isRecord(response) ? response['attributes'] : undefined
  const first: unknown = Array.isArray(attributes) ? attributes[0] : undefined
  const section = isRecord(first) ? first['section'] : undefined
  if (!Array.isArray(section)) return none
  const [code, uidValidity, uids] = section.map((part: unknown) => (isRecord(part) ? String(part['value']) : ''))
  if (code?.toUpperCase() !== 'APPENDUID' || !/^\d+$/.test(uidValidity ?? '')) return none
  return { uidValidity: Number(uidValidity), uids: uidsOf(uids ?? '') }
}

/** RFC 9051 `uid-set` of numbers and ranges; a range that is no batch of ours is not spelled out. */
function uidsOf(set: string): number[] {
  return set.split(',').flatMap((part) => {
    const [first = Number.NaN, last = first] = part.split(':').map(Number)
    const count = last - first + 1
    return count >= 1 && count <= 10_000 ? Array.from({ length: count }, (_, nth) => first + nth) : []
  })
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** RFC 9051 `date-time`, in UTC. */
function dateTime(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${two(date.getUTCDate())}-${months[date.getUTCMonth()]}-${String(date.getUTCFullYear()).padStart(4, '0')}`
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`
}
