/** `tributary bulletin`: the e-mail that tells admins of news. */
import { type Command, Option } from 'commander'
import type { Cli } from './cli.ts'
import { collect, given, whole } from './options.ts'
import { passwordFrom } from './passwords.ts'
import { example } from './reference.ts'
import { moment, serverOf } from './words.ts'
import type { NewBulletin, Bulletin, BulletinTest } from './wire.ts'

interface SetOptions {
  host: string
  from: string
  to: string[]
  port?: number
  tls?: NewBulletin['tls']
  user?: string
  passwordFile?: string
  event?: NewBulletin['events']
}

export function addBulletin(program: Command, cli: Cli): void {
  const { terminal } = cli
  const bulletin = program
    .command('bulletin')
    .alias('notice')
    .description('Bulletin by e-mail: who is told what happens')
  const show = (shown: Bulletin) => {
    if (terminal.json) return terminal.document(shown)
    terminal.fields(
      ['server', serverOf(shown)],
      ['user', shown.user],
      ['from', shown.from],
      ['to', shown.to.join(' ')],
      ['events', shown.events.join(' ')],
      ['waiting', String(shown.waiting)],
      ['last sent', moment(shown.lastSentAt)],
      ['last failure', shown.lastFailure?.message],
    )
  }

  example(
    bulletin
      .command('set')
      .description('Have people told by e-mail through an SMTP server; what was set before is replaced')
      .requiredOption('--host <host>', 'the SMTP server')
      .requiredOption('--from <address>', 'whom the mail is from')
      .requiredOption('--to <address>', 'whom it is for; more by giving it again', collect)
      .option('--port <n>', 'its port, if not 465 (implicit), 587 (starttls) or 25 (none)', whole)
      .addOption(new Option('--tls <mode>', 'how it is encrypted').choices(['implicit', 'starttls', 'none']))
      .option('--user <user>', 'the login there, if it wants one')
      .option('--password-file <file>', 'its password: the first line of a file, - for stdin')
      .option('--event <event>', 'run.failed, account.needs_attention ...; all if not given', collect)
      .action(async ({ passwordFile, event: events, ...options }: SetOptions) => {
        const { user, host } = options
        const password =
          user === undefined ? undefined : await passwordFrom(cli, passwordFile, `Password of ${user} at ${host}`)
        const body = { ...options, ...given({ password, events }) }
        show(await cli.api.ask<Bulletin>('PUT', '/bulletin', { body }))
        terminal.note('Whether it arrives is seen with: tributary bulletin test')
      }),
    'tributary bulletin set --host smtp.example.net --user me --from me@example.net --to me@example.net',
  )

  example(
    bulletin
      .command('show')
      .description('Show who is told by e-mail, and how that goes')
      .action(async () => show(await cli.api.get<Bulletin>('/bulletin'))),
    'tributary bulletin show',
  )

  example(
    bulletin
      .command('test')
      .description('Send a mail now, to try it')
      .action(async () => {
        const { ok, failure } = await cli.api.post<BulletinTest>('/bulletin/test')
        if (terminal.json) terminal.document({ ok, failure })
        else terminal.say(failure ?? 'It was taken by the server.')
        if (!ok) cli.outcome = 'failed'
      }),
    'tributary bulletin test',
  )

  example(
    bulletin
      .command('remove')
      .description('Tell nobody by e-mail; what waits to be said is forgotten')
      .action(async () => {
        await cli.api.ask('DELETE', '/bulletin')
        terminal.note('Nobody is told by e-mail any more.')
      }),
    'tributary bulletin remove',
  )
}
