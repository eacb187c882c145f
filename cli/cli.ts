/** What a command works with: the instance, and the terminal. */
import { Api } from './api.ts'
import { CommandFailed, type ExitCode } from './failure.ts'
import { findPlace, type PlaceOptions } from './place.ts'
import { type Streams, Terminal } from './terminal.ts'

export interface GlobalOptions extends PlaceOptions {
  readonly json?: boolean
  readonly quiet?: boolean
}

export class Cli {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly terminal: Terminal
  /** Ctrl-C, SIGTERM. */
  readonly interrupted: AbortSignal
  /** How it ends, where nothing is thrown. */
  outcome: ExitCode = 'done'
  #told: PlaceOptions = {}
  #api: Api | undefined

  constructor(env: Readonly<Record<string, string | undefined>>, streams: Streams, interrupted: AbortSignal) {
    this.env = env
    this.terminal = new Terminal(streams, env)
    this.interrupted = interrupted
  }

  /** Before a command acts. */
  hear({ json = false, quiet = false, ...told }: GlobalOptions): void {
    this.terminal.json = json
    this.terminal.quiet = quiet
    this.#told = told
  }

  /** Looked for when it is first needed: to complete a word takes no instance. */
  get api(): Api {
    this.#api ??= new Api(findPlace(this.#told, this.env), this.interrupted)
    return this.#api
  }

  /** Before what cannot be undone: somebody says yes, or has said so beforehand. */
  async sure(question: string, yes: true | undefined): Promise<void> {
    if (yes) return
    if (!this.terminal.attended) throw new CommandFailed('usage', `${question} Say so with --yes.`)
    if (!(await this.terminal.agrees(question))) throw new CommandFailed('interrupted', 'Nothing was done.')
  }

  close(): void {
    this.#api?.close()
  }
}
