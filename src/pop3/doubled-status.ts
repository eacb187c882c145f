/**
 * Some servers say +OK twice to RETR (FTGate): read as it comes, the second one is the first line of the message. A message may begin with such a
 * line itself. The size in LIST tells them apart; where it is wrong, a server that has said +OK twice to other commands is known by its words. Pure.
 */
import type { Listed } from '../mail/message.ts'
import { pop3Limits } from './limits.ts'
import type { Reply } from './reply.ts'
import { trimmed } from './status-line.ts'

type Body = Extract<Reply, { shape: 'body' }>

const LF = 10

/**
 * Whether it begins with +OK, or with lines of the server's own and then +OK: then what was read as the answer may have been the rest of the message
 * before it.
 *
 * @param isOwn whether the server says this line of its own accord.
 */
export function beginsWithStatus({ bytes }: Body, isOwn: (line: string) => boolean): boolean {
  let from = 0
  for (let lines = 0; lines < pop3Limits.blankLinesMax; lines += 1) {
    if (/^\+OK\b/i.test(bytes.toString('latin1', from, from + 4))) return true
    const end = bytes.indexOf(LF, from)
    if (end === -1 || end - from > pop3Limits.statusLineOctetsMax || !isOwn(bytes.toString('latin1', from, end)))
      return false
    from = end + 1
  }
  return true
}

/**
 * Gives the message without the second +OK, or as it is if the line is its own; undefined: nobody can tell.
 *
 * @param says whether the server has said +OK twice to another command of this session, and whether it has given a message without it.
 */
export function withoutSecondStatus(
  body: Body,
  { size, unsized }: Listed,
  says: { readonly twice: boolean; readonly once: boolean },
): Body | undefined {
  const first = body.bytes.indexOf(LF) + 1
  if (first === 0 || !/^\+OK\b/i.test(body.bytes.toString('latin1', 0, 4))) return undefined
  const rest = { ...body, bytes: body.bytes.subarray(first), octets: body.octets - first }
  const isOwn = unsized === undefined && isSize(size, body)
  const isSecond = unsized === undefined && isSize(size, rest)
  if (isOwn !== isSecond) return isOwn ? body : rest
  // A short message may have as many lines as the +OK has octets: then both sizes fit.
  if (says.once || !(says.twice || isSecond)) return undefined
  // The same words, and then a header: no message begins so.
  const text = body.bytes.toString('latin1', 0, first + 1000)
  const isSaidTwice = trimmed(text.slice('+OK'.length, first - 1)) === body.text
  return isSaidTwice && /^[!-9;-~]+[ \t]*:/.test(text.slice(first)) ? rest : undefined
}

/** Whether LIST may tell this size of the message: with CRLF or LF as line ends, and with or without the last one. */
function isSize(size: number, { bytes, octets, cut }: Body): boolean {
  if (size === octets || size === octets - 2) return true
  if (cut) return false
  let lines = 0
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) lines += 1
  return size === octets - lines || size === octets - lines - 1
}
