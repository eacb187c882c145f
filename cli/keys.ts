/** `tributary key`: the keys that seal passwords. */
import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import { example } from './reference.ts'
import { moment, number } from './words.ts'
import type { Keys } from './wire.ts'

export function addKeys(program: Command, cli: Cli): void {
  const { terminal } = cli
  const key = program.command('key').description('Keys: what the passwords of providers are sealed with')
  const show = (keys: Keys) => {
    if (terminal.json) return terminal.document(keys)
    terminal.table(
      [
        { title: 'key', of: ({ id }) => id },
        { title: 'made', of: ({ createdAt }) => moment(createdAt) },
        {
          title: 'state',
          of: ({ state }) => state,
          paint: (text) => terminal.paint(text === 'missing' ? 'red' : 'reset', text),
        },
        { title: 'records', of: ({ records }) => number(records), right: true },
      ],
      keys.items,
    )
    if (keys.resealing) terminal.note('Records are being sealed anew; "tributary key list" shows how far that is.')
  }

  example(
    key
      .command('list')
      .description('List the keys, never what they are: the one that seals, and those that still open')
      .action(async () => show(await cli.api.get<Keys>('/keys'))),
    'tributary key list',
  )
  example(
    key
      .command('rotate')
      .description('Make a new key, and seal everything with it while all goes on')
      .action(async () => show(await cli.api.post<Keys>('/keys/rotate'))),
    'tributary key rotate',
  )
  example(
    key
      .command('prune')
      .description('Forget the keys that seal nothing any more; backups of their time cannot be restored without them')
      .action(async () => show(await cli.api.post<Keys>('/keys/prune'))),
    'tributary key prune',
  )
}
