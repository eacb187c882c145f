/** `tributary outbox`: tells what became of what a mailbox sends. */
import { type Command, Option } from 'commander'
import type { Cli } from './cli.ts'
import { destinationId } from './find.ts'
import { type ListOptions, list, withPages } from './lists.ts'
import { example } from './reference.ts'
import { type Column, cut } from './table.ts'
import type { Sending } from './wire.ts'
import { away, moment, octets } from './words.ts'

const states = ['queued', 'sending', 'accepted', 'deferred', 'rejected', 'unknown', 'cancelled']

const columns: readonly Column<Sending>[] = [
  { title: 'id', of: ({ id }) => id },
  { title: 'taken', of: ({ createdAt }) => away(createdAt) },
  { title: 'state', of: ({ state }) => state },
  { title: 'again', of: ({ nextAttemptAt }) => (nextAttemptAt === null ? '' : away(nextAttemptAt)) },
  { title: 'size', of: ({ octets: size }) => octets(size), right: true },
  { title: 'from', of: ({ identity }) => cut(identity, 24) },
  { title: 'to', of: ({ recipients }) => cut(recipients.map(({ address }) => address).join(', '), 32) },
  { title: 'subject', of: ({ subject }) => subject },
]

export function addOutbox(program: Command, cli: Cli): void {
  const { terminal } = cli
  const outbox = program
    .command('outbox')
    .description('The outbox: what a mailbox sends, and has sent in the last 30 days')
  const show = (entry: Sending) => {
    if (terminal.json) return terminal.document(entry)
    const { failure, recipients, bounces, report } = entry
    const isAhead = entry.attempts === 0 && entry.nextAttemptAt !== null
    terminal.fields(
      ['id', entry.id],
      ['state', entry.state],
      ['from', entry.identity],
      ['subject', entry.subject],
      ['size', octets(entry.octets)],
      ['taken', moment(entry.createdAt)],
      ['tried', entry.attempts],
      [isAhead ? 'goes out' : 'tried again', entry.nextAttemptAt === null ? null : moment(entry.nextAttemptAt)],
      ['ended', entry.endedAt === null ? null : moment(entry.endedAt)],
      ['why', failure?.message],
      ['its words', failure?.reply],
      ['in Sent', copyOf(entry)],
      ['report', report === 'none' ? null : reportWords[report]],
    )
    terminal.table(
      [
        { title: 'recipient', of: ({ address }) => address },
        { title: 'state', of: ({ state }) => state },
        { title: 'the server said', of: ({ reply }) => reply ?? '' },
      ],
      recipients,
    )
    if (bounces.length > 0)
      terminal.table(
        [
          { title: 'came back', of: ({ at }) => moment(at) },
          { title: 'for', of: ({ address }) => address ?? '' },
          { title: 'status', of: ({ status }) => status ?? '' },
          { title: 'in its words', of: ({ diagnostic }) => diagnostic ?? '' },
        ],
        bounces,
      )
  }

  example(
    withPages(outbox.command('list', { isDefault: true }).description('List what a mailbox sends, newest first'))
      .argument('<destination>', 'its login, USER@HOST, or id')
      .addOption(new Option('--state <state>', 'only those of this state').choices(states))
      .action(async (name: string, { state, ...pages }: ListOptions & { state?: string }) => {
        const path = `/destinations/${await destinationId(cli.api, name)}/outbox`
        await list<Sending>(cli, { path, query: { state } }, pages, columns)
      }),
    'tributary outbox list alice --state deferred',
  )
  example(
    outbox
      .command('show')
      .description('Show where a message is, for each recipient')
      .argument('<id>', 'its id in the list')
      .action(async (id: string) => show(await cli.api.get<Sending>(`/outbox/${encodeURIComponent(id)}`))),
    'tributary outbox show 01JQ5Z0V9Q3W7X2B4C6D8E0F1G',
  )
  example(
    outbox
      .command('cancel')
      .description('Do not send a message that waits, or leave one alone that is unknown')
      .argument('<id>', 'its id in the list')
      .action(async (id: string) => show(await cli.api.post<Sending>(`/outbox/${encodeURIComponent(id)}/cancel`))),
    'tributary outbox cancel 01JQ5Z0V9Q3W7X2B4C6D8E0F1G',
  )
  example(
    outbox
      .command('retry')
      .description('Send a message now that waits, or once more that is unknown: whoever has it may get it twice')
      .argument('<id>', 'its id in the list')
      .action(async (id: string) => show(await cli.api.post<Sending>(`/outbox/${encodeURIComponent(id)}/retry`))),
    'tributary outbox retry 01JQ5Z0V9Q3W7X2B4C6D8E0F1G',
  )
}

/** Null where there is none, and none is to be. */
function copyOf({ state, copy }: Sending): string | null {
  const folder = copy.folder ?? 'Sent'
  switch (copy.state) {
    case 'filed':
      return `yes: ${folder}`
    case 'found':
      return `yes: ${folder}, filed by somebody else`
    case 'failed':
      return 'no: the mailbox did not take it'
    case 'unwanted':
      return 'no: the account wants none'
    case 'wanted':
      return state === 'accepted' ? 'not yet' : null
  }
}

const reportWords = { due: 'comes to INBOX', filed: 'in INBOX', failed: 'the mailbox did not take it' } as const
