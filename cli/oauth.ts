/** `tributary oauth`: the applications that this instance has at providers, so that people can sign in there. */
import { readFileSync } from 'node:fs'
import { Argument, type Command } from 'commander'
import type { Cli } from './cli.ts'
import { CommandFailed } from './failure.ts'
import { type ListOptions, list, withPages } from './lists.ts'
import { collect, given } from './options.ts'
import { passwordFrom } from './passwords.ts'
import { example } from './reference.ts'
import { moment } from './words.ts'
import type { Application, ApplicationPatch, OAuthMetadata } from './wire.ts'

interface FieldOptions {
  readonly clientId?: string
  readonly secretFile?: string
  readonly tenant?: string
  readonly issuer?: string
  readonly scope?: string[]
  readonly address?: string[]
  readonly host?: string[]
  readonly serviceAccountFile?: string
}

const path = '/oauth/applications'
const providers = ['microsoft', 'google', 'fastmail', 'custom'] as const

export function addOAuth(program: Command, cli: Cli): void {
  const oauth = program.command('oauth').description('Signing in at providers, by OAuth 2.0')
  const application = oauth
    .command('application')
    .description('Applications: what this instance is registered as at a provider')
  addAdd(application, cli)
  addList(application, cli)
  addShow(application, cli)
  addEdit(application, cli)
  addRemove(application, cli)
  addDiscover(oauth, cli)
}

function withFields(command: Command): Command {
  return command
    .option('--client-id <id>', 'as the provider gave it')
    .option('--secret-file <file>', 'its secret: the first line of a file, - for stdin')
    .option('--tenant <tenant>', 'Microsoft: the id or domain of a tenant, organizations, consumers or common')
    .option('--scope <scope>', 'what is asked for, if not the usual; more by giving it again', collect)
    .option('--address <address>', 'a mailbox that it may open unattended; more by giving it again', collect)
    .option('--host <name>', 'custom: a mail server that may be given its tokens; more by giving it again', collect)
    .option('--service-account-file <file>', 'Google: the key of a service account, as it was downloaded')
}

async function fieldsIn(cli: Cli, options: FieldOptions): Promise<ApplicationPatch> {
  const { clientId, secretFile, tenant, scope: scopes, address: addresses, host: hosts, serviceAccountFile } = options
  return {
    ...given({ clientId, tenant, scopes, addresses, hosts }),
    ...(secretFile === undefined ? {} : { clientSecret: await passwordFrom(cli, secretFile, 'Secret') }),
    ...(serviceAccountFile === undefined ? {} : { serviceAccount: keyIn(serviceAccountFile) }),
  }
}

function keyIn(file: string): NonNullable<ApplicationPatch['serviceAccount']> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as NonNullable<ApplicationPatch['serviceAccount']>
  } catch (error) {
    throw new CommandFailed(
      'usage',
      error instanceof SyntaxError
        ? "The service account's key must be the JSON that Google gave."
        : `The service account's key cannot be read: ${(error as Error).message}`,
    )
  }
}

function addAdd(application: Command, cli: Cli): void {
  const { terminal } = cli
  example(
    withFields(application.command('add').description('Say what this instance is registered as at a provider'))
      .option('--issuer <url>', 'custom: the issuer; Microsoft: the base of a sovereign cloud')
      .addArgument(new Argument('<provider>', 'where').choices(providers))
      .action(async (provider: string, options: FieldOptions) => {
        const clientId = options.clientId ?? (terminal.attended ? await terminal.ask('Client id') : '')
        if (clientId === '') throw new CommandFailed('usage', 'Which client id? Say it with --client-id.')
        const body = { provider, ...given({ issuer: options.issuer }), ...(await fieldsIn(cli, options)), clientId }
        const made = await cli.api.post<Application>(path, body)
        if (terminal.json) return terminal.document(made)
        terminal.say(made.id)
        terminal.note(`At the provider its redirect URI has to be ${made.redirectUri}`)
      }),
    'tributary oauth application add microsoft --client-id 6f3c... --secret-file secret',
    'tributary oauth application add google --client-id 1234.apps.googleusercontent.com --secret-file - < secret',
    'tributary oauth application add custom --client-id tributary --issuer https://login.example.net',
  )
}

function addList(application: Command, cli: Cli): void {
  example(
    withPages(application.command('list').description('List applications')).action(async (options: ListOptions) => {
      await list<Application>(cli, { path }, options, [
        { title: 'id', of: ({ id }) => id },
        { title: 'provider', of: ({ provider }) => provider },
        { title: 'client id', of: ({ clientId }) => clientId },
        { title: 'where', of: ({ issuer, tenant }) => issuer ?? tenant ?? '' },
        { title: 'made', of: ({ createdAt }) => moment(createdAt) },
      ])
    }),
    'tributary oauth application list',
  )
}

function addShow(application: Command, cli: Cli): void {
  const { terminal } = cli
  example(
    application
      .command('show')
      .description('Show an application, without its secrets')
      .argument('<application>', 'its id')
      .action(async (id: string) => {
        const shown = await cli.api.get<Application>(`${path}/${id}`)
        if (terminal.json) return terminal.document(shown)
        terminal.fields(
          ['id', shown.id],
          ['provider', shown.provider],
          ['client id', shown.clientId],
          ['tenant', shown.tenant ?? ''],
          ['issuer', shown.issuer ?? ''],
          ['scopes', shown.scopes?.join(' ') ?? 'the usual ones'],
          ['has a secret', shown.hasClientSecret ? 'yes' : 'no'],
          ['service account', shown.serviceAccount ?? ''],
          ['redirect URI', shown.redirectUri],
          ['may open unattended', shown.addresses.join(' ')],
          ['made', moment(shown.createdAt)],
        )
      }),
    'tributary oauth application show 01JQ5Z0V9Q3W7X2B4C6D8E0F1G',
  )
}

function addEdit(application: Command, cli: Cli): void {
  const { terminal } = cli
  example(
    withFields(application.command('edit').description('Change an application, such as a secret that has ended'))
      .argument('<application>', 'its id')
      .action(async (id: string, options: FieldOptions) => {
        const body = { ...(await fieldsIn(cli, options)), ...(await secretAnew(cli, id, options)) }
        if (Object.keys(body).length === 0)
          throw new CommandFailed('usage', 'What is to change? --help lists the options.')
        const changed = await cli.api.ask<Application>('PATCH', `${path}/${id}`, { body })
        if (terminal.json) terminal.document(changed)
        else terminal.note(`The application of ${changed.provider} is changed.`)
      }),
    'tributary oauth application edit 01JQ5Z0V9Q3W7X2B4C6D8E0F1G --secret-file - < secret',
  )
}

/** The secret of one client is not sent as that of another, nor to another tenant, by somebody who does not know it. */
async function secretAnew(
  cli: Cli,
  id: string,
  { clientId, tenant, secretFile }: FieldOptions,
): Promise<{ clientSecret?: string }> {
  if ((clientId ?? tenant) === undefined || secretFile !== undefined || !cli.terminal.attended) return {}
  const before = await cli.api.get<Application>(`${path}/${id}`)
  const isAnother = (clientId ?? before.clientId) !== before.clientId || (tenant ?? before.tenant) !== before.tenant
  return before.hasClientSecret && isAnother ? { clientSecret: await passwordFrom(cli, undefined, 'Secret') } : {}
}

function addRemove(application: Command, cli: Cli): void {
  example(
    application
      .command('remove')
      .description('Forget an application by which nobody signs in any more')
      .argument('<application>', 'its id')
      .option('-y, --yes', 'do not ask')
      .action(async (id: string, { yes }: { yes?: true }) => {
        await cli.sure(`Forget the application ${id}?`, yes)
        await cli.api.ask('DELETE', `${path}/${id}`)
        cli.terminal.note(`${id} is removed.`)
      }),
    'tributary oauth application remove 01JQ5Z0V9Q3W7X2B4C6D8E0F1G',
  )
}

function addDiscover(oauth: Command, cli: Cli): void {
  const { terminal } = cli
  example(
    oauth
      .command('discover')
      .description('Ask an authorization server what it says of itself, before an application is registered there')
      .argument('<issuer>', 'its address, such as https://login.example.net')
      .action(async (issuer: string) => {
        const said = await cli.api.get<OAuthMetadata>('/oauth/metadata', { issuer })
        if (!said.ok) cli.outcome = 'failed'
        if (terminal.json) return terminal.document(said)
        const { endpoints, flows, failure } = said
        terminal.fields(
          ['issuer', said.issuer],
          ['flows', flows.join(', ')],
          ['authorization', endpoints.authorization],
          ['token', endpoints.token],
          ['device code', endpoints.deviceAuthorization],
          ['revocation', endpoints.revocation],
          ['fails', failure],
        )
      }),
    'tributary oauth discover https://login.example.net',
  )
}
