/** `tributary ledger`: the messages that the gateway knows to be stored. */
import { createReadStream } from 'node:fs'
import { type Command, Option } from 'commander'
import { showStarted } from './accounts.ts'
import type { Cli } from './cli.ts'
import { readable } from './files.ts'
import { accountId } from './find.ts'
import { example } from './reference.ts'
import { watch } from './watch.ts'
import { count } from './words.ts'
import type { Imported, Run } from './wire.ts'

export function addLedger(program: Command, cli: Cli): void {
  const { terminal } = cli
  const ledger = program.command('ledger').description('The ledger: what is known to be stored')

  example(
    ledger
      .command('rebuild')
      .description('Find again in the store what an account has gathered, after Redis was lost')
      .argument('<account>', 'its address or id')
      .option('-w, --watch', 'until it is done')
      .action(async (name: string, { watch: watching }: { watch?: true }) => {
        const run = await cli.api.post<Run>(`/accounts/${await accountId(cli.api, name)}/ledger/rebuild`)
        if (watching) await watch(cli, [{ run, title: name }])
        else showStarted(cli, run)
      }),
    'tributary ledger rebuild me@example.net --watch',
  )

  example(
    ledger
      .command('import')
      .description(
        'Take over what another program has fetched: it is not fetched again. The account is best paused until then',
      )
      .argument('<account>', 'its address or id')
      .argument('<file>', 'the state file of that program, - for stdin')
      .addOption(
        new Option('--format <program>', 'who wrote it')
          .choices(['getmail', 'fetchmail', 'mpop'])
          .makeOptionMandatory(),
      )
      .action(async (name: string, file: string, { format }: { format: string }) => {
        const id = await accountId(cli.api, name)
        const stream = file === '-' ? terminal.stdin : createReadStream(await readable(file))
        const sending = { query: { format }, stream, type: 'application/octet-stream' }
        const answer = await cli.api.ask<Imported>('POST', `/accounts/${id}/ledger/import`, sending)
        if (terminal.json) return terminal.document(answer)
        terminal.say(`${count(answer.imported, 'message')} taken over: not fetched again.`)
        if (answer.listed !== null) terminal.say(`${count(answer.listed, 'message')} of them in the maildrop now.`)
        if (answer.notice !== null) terminal.warn(answer.notice)
        terminal.note(`To visit the account by its schedule: tributary account resume ${name}`)
      }),
    'tributary ledger import me@example.net ~/.fetchids --format fetchmail',
  )
}
