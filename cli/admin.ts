/** `tributary admin`: how the admin signs in to the dashboard. */
import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import { passwordFrom } from './passwords.ts'
import { example } from './reference.ts'
import { away } from './words.ts'

export function addAdmin(program: Command, cli: Cli): void {
  const { terminal } = cli
  const admin = program.command('admin').description('The admin: who signs in to the dashboard')

  example(
    admin
      .command('link')
      .description('Print a link that signs a browser in, once and within ten minutes')
      .action(async () => {
        const made = await cli.api.post<{ url: string; expiresAt: string }>('/session/link')
        if (terminal.json) return terminal.document(made)
        terminal.say(made.url)
        terminal.note(`It works once, and ends ${away(made.expiresAt)}. Whoever opens it is the admin.`)
      }),
    'tributary admin link',
  )

  example(
    admin
      .command('password')
      .description('Set the password with which the admin signs in, of 12 characters or more')
      .option('--password-file <file>', 'the first line of a file, - for stdin')
      .action(async ({ passwordFile }: { passwordFile?: string }) => {
        const password = await passwordFrom(cli, passwordFile, 'New password of the admin', true)
        await cli.api.ask('PUT', '/session/password', { body: { password } })
        terminal.note('It holds from now on. The token goes on working.')
      }),
    'tributary admin password',
  )
}
