/** The error that ends a command early, and the exit code that tells a script what kind it is. */

export const exitCodes = {
  done: 0,
  /** The API refused, or something on this machine could not be done. */
  refused: 1,
  /** The command line is wrong. */
  usage: 2,
  /** Nothing answers at the address of the instance. */
  unreachable: 3,
  /** The command was carried out with a bad result: a run failed, a test found the account unfit, lines of an import were refused. */
  failed: 4,
  /** 128 + SIGINT, as shells do it. */
  interrupted: 130,
} as const
export type ExitCode = keyof typeof exitCodes

/** A problem of RFC 9457, as the API sends it. */
export interface Problem {
  readonly type?: string
  readonly title?: string
  readonly status?: number
  readonly detail: string
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
}

export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'
  readonly code: ExitCode
  readonly problem: Problem

  constructor(code: ExitCode, problem: Problem | string) {
    super(typeof problem === 'string' ? problem : problem.detail)
    this.code = code
    this.problem = typeof problem === 'string' ? { title: titles[code], detail: problem } : problem
  }
}

const titles: Readonly<Record<ExitCode, string>> = {
  done: 'Done',
  refused: 'Not done',
  usage: 'Wrong usage',
  unreachable: 'Not reachable',
  failed: 'Did not go well',
  interrupted: 'Interrupted',
}

/** Gives what happened, and below it every mistake with its place. */
export function sentencesOf({ detail, errors = [] }: Problem): string[] {
  return [
    detail.replace(/; see errors\.$/, ':'),
    ...errors.map(({ pointer, detail: what }) => `  ${pointer === '' ? 'the body' : pointer} ${what}`),
  ]
}
