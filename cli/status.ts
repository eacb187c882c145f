/** `tributary status` and `audit`: the state of the instance, and the record of who has changed something. */
import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import { type ListOptions, list, withPages } from './lists.ts'
import { example } from './reference.ts'
import { count, moment, number, octets } from './words.ts'
import { statusWords } from './states.ts'
import type { AuditEntry, Stats } from './wire.ts'

const wordOf = (status: string) => (status in statusWords ? statusWords[status as keyof typeof statusWords] : status)

const dayMs = 86_400_000

export function addStatus(program: Command, cli: Cli): void {
  const { terminal } = cli

  example(
    program
      .command('status')
      .description('Show how the instance is: its parts, accounts, runs, and the mail of late')
      .action(async () => {
        const stats = await cli.api.get<Stats>('/stats')
        const { accounts, destinations, runs, mail, health } = stats
        const well = health.redis.ok && health.store.ok && health.workers > 0
        if (!well) cli.outcome = 'failed'
        if (terminal.json) return terminal.document(stats)
        const statuses = Object.entries(accounts.byStatus).filter(([, amount]) => amount > 0)
        const part = ({ ok, detail }: Stats['health']['redis']) => (ok ? 'well' : (detail ?? 'not well'))
        const day = mail.hours.filter(({ at }) => Date.parse(at) > Date.now() - dayMs)
        terminal.fields(
          ['at', cli.api.url],
          ['redis', part(health.redis)],
          ['store', part(health.store)],
          ['workers', health.workers === 0 ? 'none: nothing is fetched' : number(health.workers)],
          [
            'accounts',
            [
              number(accounts.total),
              ...statuses.map(([status, amount]) => `${number(amount)} ${wordOf(status)}`),
              ...(accounts.overdue > 0 ? [`${number(accounts.overdue)} overdue`] : []),
            ].join(', '),
          ],
          [
            'destinations',
            destinations.paused > 0
              ? `${number(destinations.total)}, ${number(destinations.paused)} paused`
              : number(destinations.total),
          ],
          ['runs', `${number(runs.running)} at work, ${number(runs.waiting)} waiting`],
          ['last 24 hours', mailOf(day)],
          ['last 30 days', mailOf(mail.days)],
        )
      }),
    'tributary status',
  )
}

export function addAudit(program: Command, cli: Cli): void {
  example(
    withPages(program.command('audit').description('List who has changed what, newest first'))
      .option('--who <name>', 'only what this token, login or admin did: its name or id')
      .option('--since <time>', 'only what was done then or later, such as 2026-11-24T08:30:00Z')
      .action(async ({ who, since, ...options }: ListOptions & { who?: string; since?: string }) => {
        await list<AuditEntry>(cli, { path: '/audit', query: { who, since } }, options, [
          { title: 'at', of: ({ at }) => moment(at) },
          { title: 'who', of: ({ who }) => who.name },
          { title: 'from', of: ({ from }) => from },
          { title: 'status', of: ({ status }) => status, right: true },
          { title: 'did', of: ({ method, path }) => `${method} ${path}` },
          { title: 'on', of: ({ about }) => about ?? '' },
          { title: 'changed', of: ({ changed }) => changed.join(' ') },
        ])
      }),
    'tributary audit --limit 20',
    'tributary audit --who "hosting panel" --since 2026-11-24',
  )
}

function mailOf(spans: readonly Stats['mail']['days'][number][]): string {
  const sum = (field: 'messages' | 'bytes' | 'runs' | 'failed') => spans.reduce((all, span) => all + span[field], 0)
  const failed = sum('failed')
  return `${count(sum('messages'), 'message')} (${octets(sum('bytes'))}) in ${count(sum('runs'), 'run')}${failed > 0 ? `, ${number(failed)} failed` : ''}`
}
