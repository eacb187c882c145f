/** Builds the tree of commands, and runs one of them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { addAccounts } from './accounts.ts'
import { addAdmin } from './admin.ts'
import { Cli, type GlobalOptions } from './cli.ts'
import { addBackup } from './backup.ts'
import { addCompletion } from './completion.ts'
import { addDestinations } from './destinations.ts'
import { addDiscover } from './discover.ts'
import { addEvents } from './events.ts'
import { CommandFailed, exitCodes } from './failure.ts'
import { addImports } from './imports.ts'
import { addKeys } from './keys.ts'
import { addOAuth } from './oauth.ts'
import { addLedger } from './ledger.ts'
import { addMail } from './mail.ts'
import { addBulletin } from './bulletin.ts'
import { addOutbox } from './outbox.ts'
import { clone } from './place.ts'
import { addQuarantine } from './quarantine.ts'
import { addReference } from './reference.ts'
import { addRuns } from './runs.ts'
import { addSample } from './sample.ts'
import { addSend } from './send.ts'
import { addSettings } from './settings.ts'
import { addAudit, addStatus } from './status.ts'
import { addTokens } from './tokens.ts'
import { addWebhooks } from './webhooks.ts'
import type { Streams } from './terminal.ts'

/** The nouns, in the order of the help. */
const nouns = [
  addStatus,
  addAccounts,
  addDestinations,
  addRuns,
  addMail,
  addSend,
  addOutbox,
  addQuarantine,
  addLedger,
  addDiscover,
  addSample,
  addImports,
  addTokens,
  addOAuth,
  addWebhooks,
  addBulletin,
  addAdmin,
  addSettings,
  addKeys,
  addBackup,
  addAudit,
  addEvents,
  addCompletion,
  addReference,
] as const

export function programOf(cli: Cli): Command {
  const program = new Command('tributary')
    .description('Gathers mail from POP3 accounts into one IMAP store: its command line')
    .version(version(), '--version', 'which version this is')
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
  for (const add of nouns) add(program, cli)
  return program
}

/** Turns an error of the system into a sentence: the connection ends in the middle of an answer, or a file cannot be read on. Any other error is a fault of ours, and is thrown on. */
function brokenOff(error: unknown): CommandFailed {
  if (error instanceof CommandFailed) return error
  if (!(error instanceof Error && 'code' in error)) throw error
  return new CommandFailed('refused', `It broke off: ${error.message}.`)
}

function version(): string {
  return (JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8')) as { version: string }).version
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
    const failed = brokenOff(error)
    cli.terminal.complain(failed)
    return exitCodes[failed.code]
  } finally {
    cli.close()
  }
}
