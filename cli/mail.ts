/** `tributary mail`: reads the mail of a destination. */
import type { Command } from 'commander'
import { pipeline } from 'node:stream/promises'
import type { Cli } from './cli.ts'
import { destinationId } from './find.ts'
import { type ListOptions, list, withPages } from './lists.ts'
import { example } from './reference.ts'
import { plain } from './table.ts'
import { moment, number, octets } from './words.ts'
import type { Folder, Letter, Mail } from './wire.ts'

interface ReadOptions {
  readonly folder: string
}
interface FindOptions extends ListOptions, ReadOptions {
  readonly query?: string
  readonly unread?: true
}

export function addMail(program: Command, cli: Cli): void {
  const { terminal } = cli
  const mail = program.command('mail').description('Mail: what a destination holds')

  example(
    mail
      .command('folders')
      .description('List the folders of a destination')
      .argument('<destination>', 'its login, USER@HOST, or id')
      .action(async (name: string) => {
        const path = `/destinations/${await destinationId(cli.api, name)}/folders`
        const folders = await cli.api.get<{ items: Folder[] }>(path)
        if (terminal.json) return terminal.document(folders)
        terminal.table(
          [
            { title: 'folder', of: (one) => one.path },
            { title: 'messages', of: ({ messages }) => number(messages), right: true },
            { title: 'unread', of: ({ unseen }) => number(unseen), right: true },
          ],
          folders.items,
        )
      }),
    'tributary mail folders alice',
  )

  example(
    withPages(mail.command('list').description('List the messages of a folder, newest first'))
      .argument('<destination>', 'its login, USER@HOST, or id')
      .option('--folder <path>', 'in this folder', 'INBOX')
      .option('-q, --query <text>', 'only those with this in them')
      .option('--unread', 'only those that nobody has read')
      .action(async (name: string, { folder, query: search, unread, ...pages }: FindOptions) => {
        const path = `/destinations/${await destinationId(cli.api, name)}/messages`
        await list<Letter>(cli, { path, query: { folder, search, unread } }, pages, [
          { title: 'uid', of: ({ uid }) => uid, right: true },
          { title: 'date', of: ({ date }) => moment(date) },
          { title: 'size', of: ({ size }) => octets(size), right: true },
          { title: 'from', of: ({ from }) => from?.name ?? from?.address ?? '' },
          { title: 'subject', of: ({ subject }) => subject ?? '' },
        ])
      }),
    'tributary mail list alice --limit 20',
  )

  example(
    mail
      .command('show')
      .description('Show a message as text, or its source as it is stored')
      .argument('<destination>', 'its login, USER@HOST, or id')
      .argument('<uid>', 'its UID in the list')
      .option('--folder <path>', 'in this folder', 'INBOX')
      .option('--source', 'its source: header and all parts')
      .action(async (name: string, uid: string, { folder, source }: ReadOptions & { source?: true }) => {
        const path = `/destinations/${await destinationId(cli.api, name)}/messages/${encodeURIComponent(uid)}`
        if (source) {
          const stream = await cli.api.open('GET', `${path}/source`, { query: { folder } })
          return await pipeline(stream, terminal.stdout, { end: false })
        }
        const shown = await cli.api.get<Mail>(path, { folder })
        if (terminal.json) return terminal.document(shown)
        const { from, date, subject, text } = shown
        terminal.fields(
          ['from', from === null ? '' : [from.name, from.address && `<${from.address}>`].filter(Boolean).join(' ')],
          ['date', moment(date)],
          ['subject', subject],
        )
        terminal.print('', ...(text ?? '').split(/\r?\n/).map(plain))
        if (text === null) terminal.note('It has no text but HTML; --source shows all of it.')
      }),
    'tributary mail show alice 17',
    'tributary mail show alice 17 --source > message.eml',
  )
}
