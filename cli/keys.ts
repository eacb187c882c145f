/** `tributary key`: what passwords are sealed with. */
import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import { example } from './reference.ts'

export function addKeys(program: Command, cli: Cli): void {
  const { terminal } = cli
  const key = program.command('key').description('Keys: what the passwords of providers are sealed with')

  example(
    key
      .command('list')
      .description('List the keys; never what they are')
      .action(async () => terminal.document(await cli.api.get('/keys'))),
    'tributary key list',
  )
  example(
    key
      .command('rotate')
      .description('Make a new key and seal everything with it, while it runs')
      .action(async () => terminal.document(await cli.api.post('/keys/rotate'))),
    'tributary key rotate',
  )
}
