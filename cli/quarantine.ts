/** `tributary quarantine`: the messages that cannot be stored as they are. */
import type { Command } from 'commander'
import { pipeline } from 'node:stream/promises'
import { showStarted } from './accounts.ts'
import type { Cli } from './cli.ts'
import { accountId } from './find.ts'
import { againOf, away, octets } from './words.ts'
import { type ListOptions, list, withPages } from './lists.ts'
import { example } from './reference.ts'
import { type Column, cut, plain } from './table.ts'
import { watch } from './watch.ts'
import { type AllOptions, byReason, type Filters, oneOf, settleAll, wantedBy, withAll } from './quarantine-all.ts'
import type { AnyQuarantineEntry, QuarantineEntry, Run } from './wire.ts'

const entryColumns: readonly Column<QuarantineEntry>[] = [
  { title: 'entry', of: ({ id }) => id },
  { title: 'size', of: ({ size }) => octets(size), right: true },
  { title: 'first seen', of: ({ firstSeenAt }) => away(firstSeenAt) },
  { title: 'tried', of: ({ attempts }) => attempts, right: true },
  { title: 'again', of: againOf },
  { title: 'from', of: ({ from }) => cut(from ?? '', envelopeWidth) },
  { title: 'subject', of: ({ subject }) => cut(subject ?? '', envelopeWidth) },
  { title: 'why', of: ({ reason }) => reason.message },
]

/** The room for a sender or a subject: the reason, which comes last, needs what is left of the line. */
const envelopeWidth = 24

export function addQuarantine(program: Command, cli: Cli): void {
  const { terminal } = cli
  const quarantine = program
    .command('quarantine')
    .description('Messages that were set aside; they stay at the provider')

  example(
    withPages(
      quarantine
        .command('list', { isDefault: true })
        .description('List the messages that were set aside, of one account or of all'),
    )
      .argument('[account]', 'its address or id; left out: all accounts')
      .addOption(byReason())
      .option('--destination <destination>', 'those of its accounts: its login or id')
      .action(async (name: string | undefined, { reason, destination, ...options }: ListOptions & Filters) => {
        const account = name === undefined ? undefined : await accountId(cli.api, name)
        if (account !== undefined && reason === undefined && destination === undefined)
          return await list<QuarantineEntry>(cli, { path: `/accounts/${account}/quarantine` }, options, entryColumns)
        const query = await wantedBy(cli, { account, reason, destination })
        await list<AnyQuarantineEntry>(cli, { path: '/quarantine', query }, options, [
          { title: 'account', of: ({ address }) => address },
          ...entryColumns,
        ])
      }),
    'tributary quarantine list --all',
    'tributary quarantine list me@example.net',
    'tributary quarantine list --reason "over limit"',
  )

  example(
    quarantine
      .command('show')
      .description('Show such a message, as the provider has it')
      .argument('<account>', 'its address or id')
      .argument('<entry>', 'its id in the list')
      .action(async (name: string, entry: string) => {
        const id = await accountId(cli.api, name)
        const message = await cli.api.open('GET', `/accounts/${id}/quarantine/${entry}/message`, { idleMs: 600_000 })
        if (!terminal.stdout.isTTY) return await pipeline(message, terminal.stdout, { end: false })
        for await (const piece of message.setEncoding('utf8') as AsyncIterable<string>)
          terminal.stdout.write(
            piece
              .split('\n')
              .map((line) => plain(line.replace(/\r$/, '')))
              .join('\n'),
          )
      }),
    'tributary quarantine show me@example.net 01JQ5Z0V9Q3W7X2B4C6D8E0F1G > message.eml',
  )

  example(
    withAll(
      quarantine
        .command('retry')
        .description('Try such a message again, in a run that begins now; or all of them')
        .argument('[account]', 'its address or id')
        .argument('[entry]', 'its id in the list'),
    )
      .option('-w, --watch', 'until the run has ended')
      .action(async (name: string | undefined, entry: string | undefined, options: AllOptions & { watch?: true }) => {
        const one = oneOf(name, entry, options)
        if (one === undefined) return await settleAll(cli, 'retry', name, options)
        const run = await cli.api.post<Run>(
          `/accounts/${await accountId(cli.api, one.name)}/quarantine/${one.entry}/retry`,
        )
        if (options.watch) await watch(cli, [{ run, title: one.name }])
        else showStarted(cli, run)
      }),
    'tributary quarantine retry me@example.net 01JQ5Z0V9Q3W7X2B4C6D8E0F1G --watch',
    'tributary quarantine retry --all --reason "store refused"',
  )

  example(
    withAll(
      quarantine
        .command('dismiss')
        .description('Let go of such a message, or of all: it stays at the provider, and is not fetched')
        .argument('[account]', 'its address or id')
        .argument('[entry]', 'its id in the list'),
    ).action(async (name: string | undefined, entry: string | undefined, options: AllOptions) => {
      const one = oneOf(name, entry, options)
      if (one === undefined) return await settleAll(cli, 'dismiss', name, options)
      await cli.api.post(`/accounts/${await accountId(cli.api, one.name)}/quarantine/${one.entry}/dismiss`)
      terminal.note('It is let go of.')
    }),
    'tributary quarantine dismiss me@example.net 01JQ5Z0V9Q3W7X2B4C6D8E0F1G',
    'tributary quarantine dismiss me@example.net --all --reason "over limit"',
  )
}
