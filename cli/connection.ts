/** `tributary destination connection`, `usage` and `profile`: what a mail program needs, and how much mail there is. */
import { pipeline } from 'node:stream/promises'
import { type Command, Option } from 'commander'
import type { Cli } from './cli.ts'
import { destinationId } from './find.ts'
import { example } from './reference.ts'
import { count, octets, serverOf } from './words.ts'
import type { Connection, Usage } from './wire.ts'

const profiles = { thunderbird: 'autoconfig', iphone: 'mobileconfig' } as const

export function addConnection(destination: Command, cli: Cli): void {
  const { terminal } = cli
  example(
    destination
      .command('connection')
      .description('Show what a mail program is told')
      .argument('<destination>', 'its login, USER@HOST, or id')
      .action(async (name: string) => {
        const path = `/destinations/${await destinationId(cli.api, name)}/connection`
        const { login, servers, outgoing, missing } = await cli.api.get<Connection>(path)
        if (terminal.json) return terminal.document({ login, servers, outgoing, missing })
        terminal.fields(
          ['login', login],
          ...[...servers, ...outgoing].map((server) => [server.protocol.toUpperCase(), serverOf(server)] as const),
        )
        for (const setting of missing) terminal.note(`Other devices do not reach it before ${setting} is set.`)
      }),
    'tributary destination connection alice',
  )

  example(
    destination
      .command('usage')
      .description('Show how much mail a hosted destination holds')
      .argument('<destination>', 'its login, or id')
      .action(async (name: string) => {
        const usage = await cli.api.get<Usage>(`/destinations/${await destinationId(cli.api, name)}/usage`)
        if (terminal.json) return terminal.document(usage)
        const { folders, messages, octets: size } = usage
        terminal.say(
          `${count(messages, 'message')} in ${count(folders, 'folder')}${size === null ? '' : `, ${octets(size)}`}`,
        )
      }),
    'tributary destination usage alice',
  )

  example(
    destination
      .command('profile')
      .description('Print the file that sets a mail program up; the password is not in it')
      .argument('<destination>', 'its login, or id')
      .addOption(new Option('--for <program>', 'whose').choices(Object.keys(profiles)).makeOptionMandatory())
      .action(async (name: string, { for: program }: { for: keyof typeof profiles }) => {
        const path = `/destinations/${await destinationId(cli.api, name)}/${profiles[program]}`
        await pipeline(await cli.api.open('GET', path), terminal.stdout, { end: false })
      }),
    'tributary destination profile alice --for iphone > alice.mobileconfig',
  )
}
