/**
 * Appends a batch message by message, over a few connections at once: for a store without MULTIAPPEND. Each append waits a round trip, and
 * most such stores are far away. The batch has one intent, as one that goes in one command; whatever is not clear is looked for.
 */
import { printable } from '../printable.ts'
import type { AppendAnswer, Copy } from '../pull/store-ports.ts'
import { doubtful } from './append.ts'

export interface Lanes {
  readonly count: number
  /** Is told how many connections the store lets in beside each other, once it has refused one. */
  readonly fewer: (count: number) => void
}

/** Appends one message. `onLent` is called when it has a connection: before that, nothing was sent. */
export type AppendOne = (copy: Copy, onLent: () => void) => Promise<AppendAnswer>

/** Resolves when nothing is under way any more, and fails with the first failure. */
export async function appendApart(copies: readonly Copy[], lanes: Lanes, appendOne: AppendOne): Promise<AppendAnswer> {
  const waiting = [...copies]
  const answers = new Map<Copy, AppendAnswer>()
  let isOver = false
  let refused = 0
  const work = async (nth: number) => {
    for (let copy = waiting.shift(); copy !== undefined && !isOver; copy = waiting.shift()) {
      let isLent = false
      try {
        const answer = await appendOne(copy, () => (isLent = true))
        answers.set(copy, answer)
        isOver ||= isOfStore(answer)
      } catch (error) {
        // It was not sent, and is tried again with the others.
        if (isOver && !isLent) return
        if (nth === 0 || isLent) {
          isOver = true
          throw error
        }
        // The others go on without this connection.
        waiting.unshift(copy)
        refused += 1
        return
      }
    }
  }
  const count = Math.min(lanes.count, copies.length)
  const ended = await Promise.allSettled(Array.from({ length: count }, (_, nth) => work(nth)))
  const failed = ended.find((end) => end.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  if (refused > 0) lanes.fewer(count - refused)
  // The first lane may have ended before another one gave its message back.
  await work(0)
  return together(copies.map((copy) => answers.get(copy)))
}

/** Whether the store itself may be at fault: then no other message is tried meanwhile. */
function isOfStore(answer: AppendAnswer): boolean {
  return answer.status === 'broken' || (answer.status === 'refused' && answer.failure !== undefined)
}

/** One answer for all: that of the worst message. Those that are stored are found by their tokens then. */
function together(answers: readonly (AppendAnswer | undefined)[]): AppendAnswer {
  const given = answers.filter((answer) => answer !== undefined)
  const worst = given.find(({ status }) => status === 'broken') ?? given.find(isOfStore) ?? given.find(isNotStored)
  if (worst?.status === 'unfit') return { status: 'refused', reply: [...worst.reasons.values()][0] ?? '' }
  if (worst !== undefined) return worst
  const stored = given.filter((answer) => answer.status === 'stored')
  const uids = stored.flatMap(({ appended }) => appended.uids)
  const uidValidity = stored[0]?.appended.uidValidity
  const appended = { uidValidity, uids }
  const isOneFolder = stored.every((answer) => answer.appended.uidValidity === uidValidity)
  const isOnce = new Set(uids).size === uids.length && (uids.length === 0 || uids.length === stored.length)
  if (!isOneFolder || !isOnce) return doubtful(printable(`UIDs ${uids.join(' ')}`), appended)
  const leftOut = stored.find((answer) => answer.leftOut !== undefined)?.leftOut
  return { status: 'stored', appended, ...(leftOut === undefined ? {} : { leftOut }) }
}

function isNotStored({ status }: AppendAnswer): boolean {
  return status !== 'stored'
}
