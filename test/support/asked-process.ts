/** A server of a test in a process of its own, which answers questions about what it has seen. It ends with the process that started it. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { extname, join } from 'node:path'
import { pending } from '../../src/deadline.ts'

export interface AskedProcess<Question, Answer> {
  readonly pid: number
  ask(question: Question): Promise<Answer>
  stop(): Promise<void>
}

/** Resolves when it is ready. @param name that of a file in this folder, which calls `answerQuestions`. */
export async function startAsked<Question extends object, Answer>(
  name: string,
  options: object,
): Promise<AskedProcess<Question, Answer>> {
  const file = join(import.meta.dirname, `${name}${extname(import.meta.filename)}`)
  const child = fork(file, [JSON.stringify(options)], { serialization: 'advanced' })
  let settle = pending<Answer>()
  const answered = async () => {
    const answer = await settle.promise
    settle = pending()
    return answer
  }
  child.on('message', (answer: Answer) => settle.resolve(answer))
  child.on('exit', () => {
    // Nobody may be asking.
    settle.promise.catch(() => {})
    settle.reject(new Error(`${name} has ended`))
  })
  await answered()
  // Questions follow each other, so that each gets its own answer.
  let last: Promise<unknown> = Promise.resolve()
  return {
    pid: child.pid ?? 0,
    async ask(question) {
      const answer = last.then(async () => {
        child.send(question)
        return await answered()
      })
      last = answer
      return await answer
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Is called in that process once it is ready. */
export function answerQuestions(answer: (question: unknown) => unknown): void {
  process.on('message', (question: unknown) => process.send?.(answer(question)))
  process.on('disconnect', () => process.exit())
  process.send?.('ready')
}

/** Its options, as its starter gave them. */
export function askedOptions(): unknown {
  return JSON.parse(process.argv[2] ?? '{}')
}

/** Whether this process runs that file, and was not only asked to import it. */
export function isAsked(file: string): boolean {
  return process.argv[1] === file && process.send !== undefined
}
