/** The command tree, and what it comes to. */
import { Command, CommanderError } from 'commander'
import { addAccounts } from './accounts.ts'
import { Cli, type GlobalOptions } from './cli.ts'
import { addDestinations } from './destinations.ts'
import { addEvents } from './events.ts'
import { CommandFailed, exitCodes } from './failure.ts'
import { addRuns } from './runs.ts'
import type { Streams } from './terminal.ts'

export function programOf(cli: Cli): Command {
  const program = new Command('tributary')
    .description('Gathers mail from POP3 accounts into one IMAP store: its command line')
    .option('--url <url>', 'where the instance is, if not on this machine (TRIBUTARY_URL)')
    .option(
      '--token-file <file>',
      'the file of a token for it (TRIBUTARY_TOKEN_FILE; the token itself: TRIBUTARY_TOKEN)',
    )
    .option('--json', 'what the API says, as it says it')
    .option('--quiet', 'nothing but results and failures')
    .exitOverride()
    .showHelpAfterError('(--help says more)')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void cli.terminal.stdout.write(text),
      writeErr: (text) => void cli.terminal.stderr.write(text.replace(/^error: /, '')),
    })
    .hook('preAction', (_program, command) => cli.hear(command.optsWithGlobals<GlobalOptions>()))
  for (const add of [addAccounts, addDestinations, addRuns, addEvents]) add(program, cli)
  return program
}

/** @returns the exit code. */
export async function run(
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  streams: Streams,
  interrupted: AbortSignal,
): Promise<number> {
  const cli = new Cli(env, streams, interrupted)
  try {
    await programOf(cli).parseAsync(words, { from: 'user' })
    return exitCodes[cli.outcome]
  } catch (error) {
    if (interrupted.aborted) return exitCodes.interrupted
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
    if (!(error instanceof CommandFailed)) throw error
    cli.terminal.complain(error)
    return exitCodes[error.code]
  } finally {
    cli.close()
  }
}
