/** `tributary discover`: where the mail of an address can be had by POP3. */
import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import { example } from './reference.ts'
import { serverOf } from './words.ts'
import type { Candidates } from './wire.ts'

export function addDiscover(program: Command, cli: Cli): void {
  const { terminal } = cli
  example(
    program
      .command('discover')
      .description('Find where the mail of an address can be had by POP3, and by which server it sends')
      .argument('<address>', 'an e-mail address')
      .action(async (address: string) => {
        const found = await cli.api.get<Candidates>('/discover', { address })
        if (found.candidates.length === 0) cli.outcome = 'failed'
        if (terminal.json) return terminal.document(found)
        if (found.candidates.length > 0)
          terminal.table(
            [
              { title: 'server', of: serverOf },
              { title: 'user', of: ({ user }) => user },
              { title: 'by', of: ({ source }) => source },
              { title: 'answers', of: ({ verified }) => (verified ? 'yes' : 'not seen') },
              { title: 'note', of: ({ note }) => note ?? '' },
            ],
            found.candidates,
          )
        for (const one of found.smtp.slice(0, 1))
          terminal.note(`It sends by ${serverOf(one)}${one.verified ? '' : ' (no answer seen)'}.`)
        if (found.note !== null) terminal.warn(found.note)
        if (found.suggestion !== null) terminal.warn(`Did you mean ${found.suggestion}?`)
      }),
    'tributary discover me@example.net',
  )
}
