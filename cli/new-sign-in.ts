/** Registers an account that is signed in by the same command: `tributary account sign-in me@outlook.com` is all that a headless server needs. */
import { type Command, Option } from 'commander'
import { completedAccount, type FieldOptions } from './account-fields.ts'
import type { Cli } from './cli.ts'
import { CommandFailed } from './failure.ts'
import { given, whole } from './options.ts'
import type { Account, Application, Candidates, OAuthProviders } from './wire.ts'

export type NewSignInOptions = Pick<FieldOptions, 'application' | 'destination' | 'host' | 'port' | 'tls' | 'user'>

export function withNewSignInOptions(command: Command): Command {
  return command
    .option('--application <id>', 'of a new account: the application by which it signs in, if there are several')
    .option('--destination <name>', 'of a new account: where its mail goes, if there are several')
    .option('--host <name>', 'of a new account: the POP3 server, if it cannot be found out')
    .option('--port <n>', 'its port, if not 995 (implicit) or 110', whole)
    .addOption(new Option('--tls <mode>', 'how it is encrypted').choices(['implicit', 'starttls', 'none']))
    .option('--user <name>', 'of a new account: the user there, if not the address')
}

/** @returns the id of the new account. */
export async function registered(cli: Cli, address: string, options: NewSignInOptions): Promise<string> {
  const application = options.application ?? (await theApplication(cli, address, options.host))
  const fields = { user: address, ...given(options), address, application, auth: 'oauth2' as const }
  const made = await cli.api.post<Account>('/accounts', await completedAccount(cli, fields))
  cli.terminal.note(`${made.address} is registered.`)
  return made.id
}

/** The only one, or the only one of the provider that the address belongs to. */
async function theApplication({ api, terminal }: Cli, address: string, host: string | undefined): Promise<string> {
  const { items } = await api.get<{ items: Application[] }>('/oauth/applications', { limit: 500 })
  if (items.length === 0)
    throw new CommandFailed(
      'refused',
      'There is no application yet by which anybody could sign in; "tributary oauth application add --help" says how there comes to be one.',
    )
  const [only, another] = items
  if (only !== undefined && another === undefined) return only.id
  const at = host ?? (await api.get<Candidates>('/discover', { address })).candidates[0]?.host
  const { items: providers } = await api.get<OAuthProviders>('/oauth/providers')
  const provider = providers.find(({ clouds }) => clouds.some(({ hosts }) => hosts.includes(at ?? '')))?.id
  const [its, other] = items.filter((application) => application.provider === provider)
  if (its !== undefined && other === undefined) return its.id
  if (terminal.attended) {
    const titles = items.map(({ provider, clientId }) => `${provider} ${clientId}`)
    const chosen = await terminal.choose('Application', titles)
    const one = items.find(({ id }, nth) => id === chosen || titles[nth] === chosen)
    if (one !== undefined) return one.id
  }
  throw new CommandFailed(
    'usage',
    'By which application? Say it with --application; "tributary oauth application list" shows those there are.',
  )
}
