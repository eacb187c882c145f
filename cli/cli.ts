/** The two things that a command works with: the API of the instance, and the terminal. */
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
  /** Aborted by Ctrl-C and by SIGTERM. */
  readonly interrupted: AbortSignal
  /** The way in which the command ends if it throws nothing. */
  outcome: ExitCode = 'done'
  #placeOptions: PlaceOptions = {}
  #api: Api | undefined

  constructor(env: Readonly<Record<string, string | undefined>>, streams: Streams, interrupted: AbortSignal) {
    this.env = env
    this.terminal = new Terminal(streams, env)
    this.interrupted = interrupted
  }

  /** Takes the global options, before a command acts. */
  hear({ json = false, quiet = false, ...placeOptions }: GlobalOptions): void {
    this.terminal.json = json
    this.terminal.quiet = quiet
    this.#placeOptions = placeOptions
  }

  /** The instance is looked for when it is first needed, because completing a word needs none. */
  get api(): Api {
    this.#api ??= new Api(findPlace(this.#placeOptions, this.env), this.interrupted)
    return this.#api
  }

  /** Asks before something that cannot be undone, unless --yes has agreed to it. */
  async sure(question: string, yes: true | undefined): Promise<void> {
    if (yes) return
    if (!this.terminal.attended) throw new CommandFailed('usage', `${question} Say so with --yes.`)
    if (!(await this.terminal.agrees(question))) throw new CommandFailed('interrupted', 'Nothing was done.')
  }

  close(): void {
    this.#api?.close()
  }
}
