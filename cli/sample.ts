/** `tributary sample`: sample mail, for those who have no account at hand. */
import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import { showStarted } from './accounts.ts'
import type { Cli } from './cli.ts'
import { CommandFailed } from './failure.ts'
import { destinationId } from './find.ts'
import { example } from './reference.ts'
import { watch } from './watch.ts'
import type { Account, Destination, Run, Sample } from './wire.ts'

/** The login that the dashboard makes for it, too. */
const login = 'sample'

export function addSample(program: Command, cli: Cli): void {
  const { terminal } = cli
  example(
    program
      .command('sample')
      .description(
        'Gather sample mail, as the first visit to the dashboard offers: a mailbox "sample" with three dozen odd messages',
      )
      .option('--destination <name>', 'gather it into this destination, and make none')
      .option('-w, --watch', 'until it is there')
      .action(async ({ destination, watch: watching }: { destination?: string; watch?: true }) => {
        const { api } = cli
        const { account } = await api.get<Sample>('/sample')
        if (account === null)
          throw new CommandFailed(
            'refused',
            'This instance has no sample mail: "npm start" has it, and so has an instance that is started with TRIBUTARY_SAMPLE=on.',
          )
        const into = destination === undefined ? await mailbox(cli) : await destinationId(api, destination)
        const made = await api.post<Account>('/accounts', { ...account, destinationId: into })
        const run = await api.post<Run>(`/accounts/${made.id}/pull`)
        if (watching) await watch(cli, [{ run, title: made.address }])
        else showStarted(cli, run)
        const name = destination ?? login
        terminal.note(`To see what has come: tributary mail list ${name}`)
        if (account.smtp !== false)
          terminal.note(
            `To answer it: tributary send ${name} --from ${account.address} --to farewell@example.org --subject Tea --text "At four?" --watch`,
          )
        terminal.note(
          `To be rid of it again: tributary account remove ${made.id}, then tributary destination remove ${name} --purge`,
        )
      }),
    'tributary sample --watch',
  )
}

/** The mailbox for it: the one that there is, or a new one. Nobody types its password. */
async function mailbox({ api }: Cli): Promise<string> {
  for await (const one of api.each<Destination>('/destinations', { q: login }))
    if (one.kind === 'hosted' && one.login === login) return one.id
  const password = randomBytes(24).toString('base64url')
  return (await api.post<Destination>('/destinations', { kind: 'hosted', login, password })).id
}
