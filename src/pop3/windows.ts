/** The windows of a retrieval: messages that are asked for together, and their results. Pure. */
import { pop3Limits } from './limits.ts'
import { pullLimits } from '../pull/limits.ts'
import type { Listed, Retrieved, Window } from '../mail/message.ts'
import type { WindowPace } from '../pull/maildrop-ports.ts'
import { legible } from '../failure/legible.ts'
import type { Reply } from './reply.ts'

/**
 * Divides messages into windows, limited in messages and in listed octets, of at least one message each. A window is made when it is asked
 * for: there may be thousands.
 *
 * @param octetsMax the limit in octets: it may be another one for each window.
 */
export function* windowsOf(
  messages: readonly Listed[],
  pace?: WindowPace,
  octetsMax: () => number = () => pop3Limits.windowOctetsMax,
): Generator<Listed[]> {
  let open: Listed[] = []
  let octets = 0
  let last = 0
  const messagesMax = () => Math.min(pace?.messagesMax ?? Infinity, pullLimits.windowMessagesMax)
  for (const message of messages) {
    octets += expectedOctets(message)
    // Who is refused in a window is judged by what comes behind it (pull/provider-refusals.ts): so a window keeps the maildrop's order.
    const isBefore = message.number < last
    last = message.number
    if (open.length > 0 && (isBefore || open.length >= messagesMax() || octets > octetsMax())) {
      yield open
      open = []
      octets = expectedOctets(message)
    }
    open.push(message)
  }
  if (open.length > 0) yield open
}

/**
 * As much as the line gives in a while: a slow one would take an hour for a window of the usual size.
 *
 * @param rate in octets a millisecond; undefined while it is not known.
 */
export function windowOctetsMax(rate: number | undefined): number {
  if (rate === undefined) return pop3Limits.firstWindowOctets
  const octets = Math.max(pop3Limits.leastWindowOctets, rate * pop3Limits.windowMs)
  return Math.min(octets, pop3Limits.windowOctetsMax)
}

/** The number of octets of a window, as they are listed. */
export function windowOctets(window: readonly Listed[]): number {
  return window.reduce((sum, message) => sum + expectedOctets(message), 0)
}

function expectedOctets({ size, unsized }: Listed): number {
  return unsized === undefined ? size : pop3Limits.unsizedOctets
}

export function windowOf(answers: readonly [Listed, Reply][], release: () => void): Window {
  const retrieved: Retrieved[] = []
  const refused: Window['refused'][number][] = []
  const cut: Window['cut'][number][] = []
  for (const [message, reply] of answers) {
    if (reply.shape !== 'body') refused.push({ message, reply: legible(reply.text) })
    else if (reply.cut) cut.push({ message, bytes: reply.bytes, octets: reply.octets })
    // Exchange offers messages and then gives nothing (getmail 4.12). Two octets are only a line end.
    else if (reply.bytes.length === 0 && message.unsized !== undefined)
      refused.push({ message, reply: 'an empty message, and LIST does not tell its size' })
    else if (reply.bytes.length === 0 && message.size > 2)
      refused.push({ message, reply: `an empty message, where LIST says ${message.size} octets` })
    else retrieved.push({ message, bytes: reply.bytes })
  }
  return { retrieved, refused, cut, release }
}
