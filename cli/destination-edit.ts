/** `tributary destination edit`: whatever can be changed of a destination. */
import type { Command } from 'commander'
import { changedPassword, type PasswordOptions, presentPassword } from './changed-password.ts'
import type { Cli } from './cli.ts'
import { CommandFailed } from './failure.ts'
import { destinationId, destinationTitle } from './find.ts'
import { type LoginOptions, loginFieldsIn, withLoginOptions } from './login-options.ts'
import { given, type Nothing, octetsPerHour } from './options.ts'
import { example } from './reference.ts'
import { serverFieldsIn, type ServerOptions, withServerOptions } from './server-options.ts'
import type { Destination } from './wire.ts'

interface EditOptions extends LoginOptions, ServerOptions, PasswordOptions {
  importPerHour?: number | Nothing
  presentPasswordFile?: string
}

/** For both commands that set the password of a login. */
export const presentHint = 'the password that the login has now, which its owner shows: the first line of a file'

export function addEdit(destination: Command, cli: Cli, importHint: string): void {
  const { terminal } = cli
  const edit = destination
    .command('edit')
    .description('Change a destination; of one that is hosted here the password and the limit of first imports')
    .argument('<destination>', 'its login, USER@HOST, or id')
  example(
    withServerOptions(withLoginOptions(edit), {
      host: 'the IMAP server',
      port: 'its port',
      user: 'the user there',
    })
      .option('--import-per-hour <size>', importHint, octetsPerHour)
      .option('--ask-password', 'ask for a new password')
      .option('--password-file <file>', 'its password: the first line of a file, - for stdin')
      .option('--present-password-file <file>', presentHint)
      .action(async (name: string, options: EditOptions) => {
        const { api } = cli
        const id = await destinationId(api, name)
        const before = await api.get<Destination>(`/destinations/${id}`)
        const auth = before.kind === 'imap' ? before.auth : 'password'
        const wantsAnother = options.askPassword === true || options.passwordFile !== undefined
        const present = wantsAnother
          ? await presentPassword(cli, before, options.presentPasswordFile, `Present password of ${name}`)
          : undefined
        const password = await changedPassword(cli, { auth }, options, `Password of ${name}`)
        const body = {
          ...serverFieldsIn(options),
          ...(await loginFieldsIn(cli, options)),
          ...given({ importBytesPerHour: options.importPerHour, password, presentPassword: present }),
        }
        if (Object.keys(body).length === 0)
          throw new CommandFailed('usage', 'What is to change? --help lists the options.')
        const changed = await api.ask<Destination>('PATCH', `/destinations/${id}`, { body })
        if (terminal.json) terminal.document(changed)
        else terminal.note(`${destinationTitle(changed)} is changed.`)
      }),
    'tributary destination edit me@example.org@imap.example.org --host imap.example.net --password-file - < password',
    'tributary destination edit me@example.org@imap.example.net --sasl SCRAM-SHA-256 --password-file - < password',
    'tributary destination edit me@gmail.com@imap.gmail.com --auth oauth2 --application 01JQ5Z0V9Q3W7X2B4C6D8E0F1G',
  )
}
