/** `tributary token`: the tokens with which programs and owners use the API. */
import { type Command, Option } from 'commander'
import type { Cli } from './cli.ts'
import { destinationId, idNamed } from './find.ts'
import { type ListOptions, list, withPages } from './lists.ts'
import { expiry, given } from './options.ts'
import { example } from './reference.ts'
import { away, moment } from './words.ts'
import type { MadeToken, Token } from './wire.ts'

export function addTokens(program: Command, cli: Cli): void {
  const { terminal } = cli
  const token = program.command('token').description('Tokens: who may use the API, and for what')

  example(
    token
      .command('create')
      .description('Make a token; it is shown this once')
      .argument('<name>', 'what it is for')
      .addOption(new Option('--scope <scope>', 'what it may').choices(['read', 'operate', 'admin']).default('read'))
      .option('--destination <name>', 'it sees and touches this destination and its accounts alone')
      .option('--expires <when>', 'like 30d, 12h or 2027-01-31; else it does not', expiry)
      .action(async (name: string, options: { scope: string; destination?: string; expires?: string }) => {
        const { scope, destination, expires: expiresAt } = options
        const owner = destination === undefined ? {} : { destinationId: await destinationId(cli.api, destination) }
        const made = await cli.api.post<MadeToken>('/tokens', {
          name,
          scopes: [scope],
          ...owner,
          ...given({ expiresAt }),
        })
        if (terminal.json) terminal.document(made)
        else terminal.say(made.token)
        terminal.note(`${made.name} may ${scope}. The token is not shown again: keep it in a file of mode 0600.`)
      }),
    'tributary token create monitoring > monitoring-token',
    'tributary token create "panel of alice" --scope admin --destination alice --expires 90d > alice-token',
  )

  example(
    withPages(token.command('list').description('List tokens'))
      .option('--destination <name>', 'only those of this destination alone')
      .action(async ({ destination, ...options }: ListOptions & { destination?: string }) => {
        const of = destination === undefined ? undefined : await destinationId(cli.api, destination)
        await list<Token>(cli, { path: '/tokens', query: { destinationId: of } }, options, [
          { title: 'id', of: ({ id }) => id },
          { title: 'name', of: ({ name }) => name },
          { title: 'may', of: ({ scopes }) => scopes.join(' ') },
          { title: 'destination', of: ({ destinationId }) => destinationId ?? 'all' },
          { title: 'expires', of: ({ expiresAt }) => (expiresAt === null ? 'never' : away(expiresAt)) },
          { title: 'last used', of: ({ lastUsedAt }) => (lastUsedAt === null ? 'never' : away(lastUsedAt)) },
          { title: 'made', of: ({ createdAt }) => moment(createdAt) },
        ])
      }),
    'tributary token list',
  )

  example(
    token
      .command('revoke')
      .description('Take a token away: it is refused from now on')
      .argument('<token>', 'its name or id')
      .action(async (name: string) => {
        await cli.api.ask(
          'DELETE',
          `/tokens/${await idNamed(cli.api, { path: '/tokens', noun: 'token', field: 'name' }, name)}`,
        )
        terminal.note(`${name} is revoked.`)
      }),
    'tributary token revoke monitoring',
  )
}
