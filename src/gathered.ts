/** Makes one call of many: what is asked for within one turn of the event loop, or within a moment, is asked for together. */
import { type Pending, pending } from './deadline.ts'

interface Waiting<Question, Answer> extends Pending<Answer> {
  readonly question: Question
}

/**
 * @param ask is given the questions in their order, and gives an answer for each. If it fails, all of them fail.
 * @param waitMs how long the first question waits for others; undefined: until the present turn of the event loop is over.
 */
export function gathered<Question, Answer>(
  ask: (questions: readonly Question[]) => Promise<readonly Answer[]>,
  waitMs?: number,
): (question: Question) => Promise<Answer> {
  let waiting: Waiting<Question, Answer>[] = []
  const send = async () => {
    const asked = waiting
    waiting = []
    try {
      const answers = await ask(asked.map(({ question }) => question))
      if (answers.length !== asked.length) throw new Error(`${asked.length} questions, ${answers.length} answers`)
      for (const [nth, { resolve }] of asked.entries()) resolve(answers[nth] as Answer)
    } catch (error) {
      for (const { reject } of asked) reject(error)
    }
  }
  return async (question) => {
    const answer = { ...pending<Answer>(), question }
    waiting.push(answer)
    if (waiting.length === 1) {
      if (waitMs === undefined) setImmediate(() => void send())
      else setTimeout(() => void send(), waitMs)
    }
    return await answer.promise
  }
}
