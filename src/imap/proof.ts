/** Judges whether the OK to an append proves that the store has taken the messages, or contradicts what it had announced or shown. */
import type { Appended, FolderPosition } from '../pull/store-ports.ts'
import { codeWordsOf } from './command.ts'

export interface AppendExpected {
  readonly messages: number
  /** The store has UIDPLUS (RFC 4315): its OK names the UIDs. */
  readonly announced: boolean
  /** The place of the next message, as the store has last reported it; undefined: it is not known. */
  readonly position: FolderPosition | undefined
}

export interface Judgement {
  /** What the OK names, as far as it can be read. */
  readonly appended: Appended
  /** What is wrong with it; undefined: nothing. Then it names every message, or none because the store has no UIDPLUS. */
  readonly doubt: string | undefined
}

const nothing: Appended = { uidValidity: undefined, uids: [] }

/**
 * Reads `[APPENDUID uidvalidity uid-set]` of the tagged OK (RFC 4315 section 3). There are servers that say OK and store
 * nothing: a UID that is not new, or that stands for two messages, proves nothing.
 */
export function judged(response: unknown, { messages, announced, position }: AppendExpected): Judgement {
  const words = codeWordsOf(response, 'APPENDUID')
  if (words === undefined) return { appended: nothing, doubt: announced ? 'without APPENDUID' : undefined }
  const [validity = '', set = ''] = words
  // Whatever else stands there is the server's own words, and may be what we have told it in secret.
  const isForm = words.every((word) => /^[\d:,*]{1,200}$/.test(word))
  const doubt = isForm ? `[APPENDUID ${words.join(' ')}]` : 'APPENDUID, and no UIDs'
  const uidValidity = numberOf(validity)
  const uids = uidSet(set, messages)
  if (uidValidity === undefined || uids === undefined) return { appended: nothing, doubt }
  const appended = { uidValidity, uids }
  const isOld = position !== undefined && uids.some((uid) => uid < position.uidNext)
  const isElsewhere = position !== undefined && position.uidValidity !== uidValidity
  return { appended, doubt: isOld || isElsewhere ? doubt : undefined }
}

/** A nonzero number of 32 bits (RFC 9051 section 9); undefined if it is none. */
function numberOf(text: string): number | undefined {
  return /^[1-9]\d{0,9}$/.test(text) && Number(text) < 2 ** 32 ? Number(text) : undefined
}

/** Expands a `uid-set`; undefined if it does not name exactly that many UIDs, each once. `5:1` means the same as `1:5` (RFC 9051 section 9). */
function uidSet(set: string, count: number): number[] | undefined {
  const uids: number[] = []
  for (const part of set.split(',')) {
    const [one = '', other = one, ...more] = part.split(':')
    const [first, last] = [numberOf(one), numberOf(other)]
    if (first === undefined || last === undefined || more.length > 0) return undefined
    const [from, to] = [Math.min(first, last), Math.max(first, last)]
    if (uids.length + to - from + 1 > count) return undefined
    for (let uid = from; uid <= to; uid += 1) uids.push(uid)
  }
  return uids.length === count && new Set(uids).size === count ? uids : undefined
}
