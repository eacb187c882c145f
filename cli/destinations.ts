/** `tributary destination`: the logins into which mail is gathered. */
import { type Command, Option } from 'commander'
import type { Cli } from './cli.ts'
import { presentPassword } from './changed-password.ts'
import { addConnection } from './connection.ts'
import { addEdit, presentHint } from './destination-edit.ts'
import { destinationId, destinationTitle } from './find.ts'
import { type ListOptions, list, withPages } from './lists.ts'
import { type LoginOptions, loginFieldsIn, withLoginOptions } from './login-options.ts'
import { fingerprint, given, type Nothing, octetsPerHour, whole } from './options.ts'
import { passwordFrom } from './passwords.ts'
import { example } from './reference.ts'
import { destinationWords } from './states.ts'
import { addSignIn } from './sign-in.ts'
import { importOf, loginOf, moment, serverOf } from './words.ts'
import type { Destination, NewDestination } from './wire.ts'

interface AddOptions extends LoginOptions {
  imap?: string
  port?: number
  tls?: NewDestination['tls']
  tlsVerify: boolean
  tlsFingerprint?: string | Nothing
  importPerHour?: number | Nothing
  passwordFile?: string
}

const importHint =
  'first imports bring so much in an hour at most, all accounts together, like 20MB; none: as fast as it comes'

export function addDestinations(program: Command, cli: Cli): void {
  const { terminal } = cli
  const destination = program.command('destination').description('Destinations: where mail goes')

  example(
    withLoginOptions(
      destination
        .command('add')
        .description('Make a login of the hosted store, or gather into an IMAP account that is elsewhere'),
    )
      .argument('<login>', 'the login; with --imap the user there')
      .option('--imap <host>', 'the IMAP server that it is on')
      .option('--port <n>', 'its port, if not 993 (implicit) or 143', whole)
      .addOption(new Option('--tls <mode>', 'how it is encrypted').choices(['implicit', 'starttls', 'none']))
      .option('--no-tls-verify', 'take any certificate')
      .option('--tls-fingerprint <hex>', 'take this certificate alone, by its SHA-256', fingerprint)
      .option('--import-per-hour <size>', importHint, octetsPerHour)
      .option('--password-file <file>', 'its password: the first line of a file, - for stdin')
      .action(async (login: string, options: AddOptions) => {
        const { imap: host, passwordFile, tlsVerify, importPerHour, port, tls, tlsFingerprint } = options
        const question = host === undefined ? `Password for the new login ${login}` : `Password of ${login} at ${host}`
        // Whoever signs in at the provider has no password here.
        const signsIn = options.auth === 'oauth2'
        const password = signsIn
          ? {}
          : { password: await passwordFrom(cli, passwordFile, question, host === undefined) }
        const server = { ...given({ port, tls, tlsFingerprint }), ...(await loginFieldsIn(cli, options)) }
        const elsewhere = { user: login, host, ...server, ...(tlsVerify ? {} : { tlsVerify }) }
        const limit = given({ importBytesPerHour: importPerHour })
        const body = {
          ...password,
          ...limit,
          ...(host === undefined ? { kind: 'hosted', login, ...server } : { kind: 'imap', ...elsewhere }),
        }
        const made = await cli.api.post<Destination>('/destinations', body)
        if (terminal.json) terminal.document(made)
        else terminal.say(made.id)
        terminal.note(
          signsIn
            ? `It takes no mail before its owner has signed in: tributary destination sign-in ${destinationTitle(made)}`
            : `Mail can go to ${destinationTitle(made)} now: tributary account add --destination ${destinationTitle(made)}`,
        )
      }),
    'tributary destination add alice',
    'tributary destination add me@gmail.com --imap imap.gmail.com --auth oauth2 --application 01JQ5Z0V9Q3W7X2B4C6D8E0F1G',
    'tributary destination add me@example.org --imap imap.example.org --password-file - < password',
  )

  example(
    withPages(destination.command('list').description('List destinations')).action(async (options: ListOptions) => {
      await list<Destination>(cli, { path: '/destinations' }, options, [
        { title: 'login', of: destinationTitle },
        { title: 'kind', of: ({ kind }) => kind },
        {
          title: 'status',
          of: ({ status }) => destinationWords[status],
          paint: (text, { status }) => terminal.paint(status === 'ok' ? 'green' : 'yellow', text),
        },
        { title: 'why', of: ({ failure }) => failure?.message ?? '' },
      ])
    }),
    'tributary destination list',
  )

  example(
    destination
      .command('show')
      .description('Show a destination')
      .argument('<destination>', 'its login, USER@HOST, or id')
      .action(async (name: string) => {
        const shown = await cli.api.get<Destination>(`/destinations/${await destinationId(cli.api, name)}`)
        if (terminal.json) return terminal.document(shown)
        terminal.fields(
          ['id', shown.id],
          ['kind', shown.kind],
          ...(shown.kind === 'hosted'
            ? [['login', shown.login] as const]
            : [
                ['server', serverOf(shown)] as const,
                ['user', shown.user] as const,
                ['logs in by', loginOf(shown)] as const,
              ]),
          ['status', destinationWords[shown.status]],
          ['paused until', moment(shown.pausedUntil)],
          ['why', shown.failure?.message],
          ['first imports', importOf(shown)],
          ['made', moment(shown.createdAt)],
        )
      }),
    'tributary destination show alice',
  )

  example(
    destination
      .command('limit')
      .description('Limit what first imports bring into a destination; new mail never waits for that')
      .argument('<destination>', 'its login, USER@HOST, or id')
      .requiredOption('--import-per-hour <size>', importHint, octetsPerHour)
      .action(async (name: string, { importPerHour }: { importPerHour: number | Nothing }) => {
        const id = await destinationId(cli.api, name)
        const body = given({ importBytesPerHour: importPerHour })
        const changed = await cli.api.ask<Destination>('PATCH', `/destinations/${id}`, { body })
        if (terminal.json) terminal.document(changed)
        else terminal.note(`First imports into ${name}: ${importOf(changed) ?? 'as fast as they come'}.`)
      }),
    'tributary destination limit me@gmail.com@imap.gmail.com --import-per-hour 20MB',
  )

  example(
    destination
      .command('password')
      .description('Set the password of a login, or say that of an IMAP account elsewhere')
      .argument('<destination>', 'its login, USER@HOST, or id')
      .option('--password-file <file>', 'the first line of a file, - for stdin')
      .option('--present-password-file <file>', presentHint)
      .action(async (name: string, options: { passwordFile?: string; presentPasswordFile?: string }) => {
        const { passwordFile, presentPasswordFile } = options
        const id = await destinationId(cli.api, name)
        const before = await cli.api.get<Destination>(`/destinations/${id}`)
        const present = await presentPassword(cli, before, presentPasswordFile, `Present password of ${name}`)
        const password = await passwordFrom(cli, passwordFile, `New password of ${name}`, true)
        const changed = await cli.api.ask<Destination>('PATCH', `/destinations/${id}`, {
          body: { password, ...given({ presentPassword: present }) },
        })
        if (terminal.json) terminal.document(changed)
        else terminal.note(`${destinationTitle(changed)} has the new password.`)
      }),
    'tributary destination password alice',
  )

  example(
    destination
      .command('remove')
      .description('Remove a destination that no account gathers into; hosted mail is kept, unless it is to be purged')
      .argument('<destination>', 'its login, USER@HOST, or id')
      .option('--purge', 'remove the hosted mail too')
      .option('-y, --yes', 'do not ask')
      .action(async (name: string, { purge, yes }: { purge?: true; yes?: true }) => {
        const id = await destinationId(cli.api, name)
        await cli.sure(`Remove the destination ${name}${purge ? ' and all of its mail' : ''}?`, yes)
        await cli.api.ask('DELETE', `/destinations/${id}`, { query: { purge } })
        terminal.note(`${name} is removed.`)
      }),
    'tributary destination remove alice',
  )

  addConnection(destination, cli)
  addEdit(destination, cli, importHint)
  addSignIn(destination, cli, 'destination')
}
