/** `tributary account`: POP3 accounts, and their visits. */
import { type Command, Option } from 'commander'
import type { Cli } from './cli.ts'
import { CommandFailed } from './failure.ts'
import { accountId, destinationId, destinationTitle } from './find.ts'
import { type ListOptions, list, withPages } from './lists.ts'
import { collect, fingerprint, firstRun, given, retention, whole } from './options.ts'
import { passwordFrom } from './passwords.ts'
import { example } from './reference.ts'
import type { Column } from './table.ts'
import { showEnded, watch } from './watch.ts'
import { away, count, firstRunOf, moment, octets, retentionOf, sentenceOf, serverOf } from './words.ts'
import type { Account, AccountPatch, Candidates, Destination, Examination, NewAccount, Run } from './wire.ts'

const styles = {
  idle: 'green',
  running: 'cyan',
  waiting: 'cyan',
  failing: 'yellow',
  'needs attention': 'red',
  paused: 'gray',
} as const

interface FieldOptions {
  address?: string
  host?: string
  port?: number
  tls?: NewAccount['tls']
  tlsVerify?: boolean
  tlsFingerprint?: string | null
  user?: string
  destination?: string
  folder?: string
  flag?: string[]
  retention?: NewAccount['retention']
  firstRun?: NewAccount['firstRun']
  minInterval?: number
  maxInterval?: number
  maxMessageBytes?: number
  hidesRetrieved?: boolean
  trace?: boolean
  paused?: boolean
  passwordFile?: string
}

/** Those of an account, for `add` and `edit`. */
function withFields(command: Command): Command {
  return command
    .option('--host <name>', 'the POP3 server')
    .option('--port <n>', 'its port, if not 995 (implicit) or 110', whole)
    .addOption(new Option('--tls <mode>', 'how it is encrypted').choices(['implicit', 'starttls', 'none']))
    .option('--tls-verify', 'check its certificate (as it is)')
    .option('--no-tls-verify', 'take any certificate')
    .option('--tls-fingerprint <hex>', 'take this certificate alone, by its SHA-256; none: as usual', fingerprint)
    .option('--user <name>', 'the user there, if not what stands before the @')
    .option('--destination <name>', 'where its mail goes: a login, or an id')
    .option('--folder <name>', 'the folder it goes to')
    .option('--flag <flag>', 'a flag it gets there; more by giving it again', collect)
    .option('--retention <what>', 'at the provider: keep, delete, or days until deleted', retention)
    .option('--first-run <what>', 'of the mail that is there already: all, new, or the last days', firstRun)
    .option('--min-interval <seconds>', 'between visits, at least', whole)
    .option('--max-interval <seconds>', 'between visits, at most', whole)
    .option('--max-message-bytes <n>', 'larger messages are set aside', whole)
    .option('--hides-retrieved', 'the provider shows a message once only (as Gmail does)')
    .option('--no-hides-retrieved', 'it does not')
    .option('--trace', 'put trace lines in front of each message (as it is)')
    .option('--no-trace', 'put one line there only')
    .option('--paused', 'not visited by the schedule')
    .option('--no-paused', 'visited by the schedule')
    .option('--password-file <file>', 'the password of the account: the first line of a file, - for stdin')
}

export function addAccounts(program: Command, cli: Cli): void {
  const { terminal } = cli
  const account = program.command('account').description('POP3 accounts: where mail comes from')

  example(
    withFields(account.command('add').description('Register an account; on a terminal, what is missing is asked for'))
      .argument('[address]', 'its e-mail address')
      .option('--dry-run', 'only try whether it works')
      .action(async (address: string | undefined, options: FieldOptions & { dryRun?: true }) => {
        const body = await completed(cli, { ...options, ...given({ address }) })
        if (options.dryRun) {
          showTest(cli, await cli.api.post<Examination>('/accounts/test', body))
          return
        }
        if (terminal.attended && !(await worksOrWanted(cli, body))) return
        const made = await cli.api.post<Account>('/accounts', body)
        if (terminal.json) terminal.document(made)
        else terminal.say(made.id)
        terminal.note(
          `${made.address} is registered. To see its first run: tributary account pull ${made.address} --watch`,
        )
      }),
    'tributary account add me@example.net',
    'tributary account add me@example.net --host pop.example.net --destination alice --password-file - < password',
  )

  example(
    withPages(account.command('list').description('List accounts'))
      .addOption(new Option('--status <status>', 'only these').choices(Object.keys(styles)))
      .option('--destination <name>', 'only those that gather into this one')
      .option('-q, --query <text>', 'only those with this in their address, host or user')
      .addOption(
        new Option('--sort <field>', 'in this order; -: backwards').choices([
          'createdAt',
          '-createdAt',
          'address',
          '-address',
        ]),
      )
      .action(
        async (options: ListOptions & { status?: string; destination?: string; query?: string; sort?: string }) => {
          const { destination, status, query: q, sort } = options
          const id = destination === undefined ? undefined : await destinationId(cli.api, destination)
          const paint: Column<Account>['paint'] = (text, { status }) => terminal.paint(styles[status], text)
          await list<Account>(cli, '/accounts', { status, destinationId: id, q, sort }, options, [
            { title: 'address', of: ({ address }) => address },
            { title: 'server', of: ({ host }) => host },
            { title: 'status', of: ({ status }) => status, paint },
            { title: 'next', of: ({ nextRunAt }) => away(nextRunAt) },
            {
              title: 'last run',
              of: ({ lastRun }) => (lastRun === null ? 'never' : `${away(lastRun.finishedAt)}: ${sentenceOf(lastRun)}`),
            },
          ])
        },
      ),
    'tributary account list --status "needs attention"',
    'tributary account list --all --json | jq -r .address',
  )

  example(
    account
      .command('show')
      .description('Show an account')
      .argument('<account>', 'its address or id')
      .action(async (name: string) => {
        const { api } = cli
        const shown = await api.get<Account>(`/accounts/${await accountId(api, name)}`)
        if (terminal.json) return terminal.document(shown)
        const destination = await api.get<Destination>(`/destinations/${shown.destinationId}`)
        terminal.fields(
          ['id', shown.id],
          ['address', shown.address],
          ['server', serverOf(shown)],
          ['user', shown.user],
          ['certificate', shown.tlsFingerprint ?? (shown.tlsVerify ? '' : 'any is taken')],
          ['goes to', `${destinationTitle(destination)}, folder ${shown.folder}`],
          ['flags', shown.flags.join(' ')],
          ['retention', retentionOf(shown)],
          ['first run', firstRunOf(shown)],
          ['interval', `${shown.interval.minSeconds} to ${shown.interval.maxSeconds} s`],
          ['largest message', octets(shown.maxMessageBytes)],
          ['status', shown.status],
          [
            'last run',
            shown.lastRun === null ? 'never' : `${moment(shown.lastRun.finishedAt)}: ${sentenceOf(shown.lastRun)}`,
          ],
          ['next run', moment(shown.nextRunAt)],
          ['registered', moment(shown.createdAt)],
        )
      }),
    'tributary account show me@example.net',
  )

  example(
    account
      .command('test')
      .description('Try an account: what the server offers, and how much mail is there; nothing is fetched')
      .argument('<account>', 'its address or id')
      .action(async (name: string) => {
        showTest(cli, await cli.api.post<Examination>(`/accounts/${await accountId(cli.api, name)}/test`))
      }),
    'tributary account test me@example.net',
  )

  example(
    withFields(account.command('edit').description('Change an account'))
      .argument('<account>', 'its address or id')
      .option('--address <address>', 'its e-mail address')
      .option('--ask-password', 'ask for a new password')
      .action(async (name: string, options: FieldOptions & { askPassword?: true }) => {
        const { api } = cli
        const id = await accountId(api, name)
        const password =
          options.askPassword || options.passwordFile !== undefined
            ? await passwordFrom(cli, options.passwordFile, 'New password at the provider')
            : undefined
        const body: AccountPatch = { ...(await fieldsIn(cli, options)), ...given({ password }) }
        if (Object.keys(body).length === 0)
          throw new CommandFailed('usage', 'What is to change? --help lists the options.')
        const changed = await api.ask<Account>('PATCH', `/accounts/${id}`, { body })
        if (terminal.json) terminal.document(changed)
        else terminal.note(`${changed.address} is changed.`)
      }),
    'tributary account edit me@example.net --retention 14 --folder Old',
    'tributary account edit me@example.net --ask-password',
  )

  example(
    account
      .command('pull')
      .description('Visit accounts now, whatever their schedule')
      .argument('<accounts...>', 'their addresses or ids')
      .option('-w, --watch', 'show how far they are until they have ended; Ctrl-C ends the watching alone')
      .action(async (names: string[], { watch: watching }: { watch?: true }) => {
        const { api } = cli
        const ids: string[] = []
        for (const name of names) ids.push(await accountId(api, name))
        const accounts = await Promise.all(ids.map(async (id) => api.get<Account>(`/accounts/${id}`)))
        const watched = await Promise.all(
          accounts.map(async ({ id, address: title }) => ({
            run: await api.post<Run>(`/accounts/${id}/pull`),
            title,
          })),
        )
        if (watching) await watch(cli, watched)
        else for (const { run, title } of watched) showStarted(cli, run, watched.length > 1 ? `${title}: ` : '')
      }),
    'tributary account pull me@example.net --watch',
    'tributary account pull one@example.net two@example.net --watch',
  )

  for (const [verb, done] of [
    ['pause', 'is paused'],
    ['resume', 'is visited again'],
  ] as const) {
    example(
      account
        .command(verb)
        .description(
          verb === 'pause' ? 'Stop visiting accounts by the schedule' : 'Visit accounts by the schedule again',
        )
        .argument('<accounts...>', 'their addresses or ids')
        .action(async (names: string[]) => {
          for (const name of names) {
            const changed = await cli.api.post<Account>(`/accounts/${await accountId(cli.api, name)}/${verb}`)
            if (terminal.json) terminal.print(JSON.stringify(changed))
            else terminal.note(`${changed.address} ${done}.`)
          }
        }),
      `tributary account ${verb} me@example.net`,
    )
  }

  example(
    account
      .command('remove')
      .description('Remove an account; what it has gathered stays where it is')
      .argument('<account>', 'its address or id')
      .option('-y, --yes', 'do not ask')
      .action(async (name: string, { yes }: { yes?: true }) => {
        const id = await accountId(cli.api, name)
        await cli.sure(`Remove the account ${name}, its history and what is known of its mail?`, yes)
        await cli.api.ask('DELETE', `/accounts/${id}`)
        terminal.note(`${name} is removed.`)
      }),
    'tributary account remove me@example.net',
  )
}

/** The fields that were given, as the API calls them. */
async function fieldsIn({ api }: Cli, options: FieldOptions): Promise<AccountPatch> {
  const { destination, flag: flags, minInterval: minSeconds, maxInterval: maxSeconds } = options
  const interval = given({ minSeconds, maxSeconds })
  const { address, host, port, tls, tlsVerify, tlsFingerprint, user, folder, trace, paused } = options
  const { retention, firstRun, maxMessageBytes, hidesRetrieved } = options
  return {
    ...given({ address, host, port, tls, tlsVerify, tlsFingerprint, user, folder, flags, trace, paused }),
    ...given({ retention, firstRun, maxMessageBytes, hidesRetrieved }),
    ...(Object.keys(interval).length === 0 ? {} : { interval }),
    ...(destination === undefined ? {} : { destinationId: await destinationId(api, destination) }),
  }
}

/** All that a new account needs: what was given, what can be found out, and on a terminal what somebody says. */
async function completed(cli: Cli, options: FieldOptions): Promise<NewAccount> {
  const { terminal, api } = cli
  const fields = await fieldsIn(cli, options)
  const asking = terminal.attended
  const address = fields.address ?? (asking ? await terminal.ask('E-mail address') : undefined)
  if (address === undefined || address === '') throw new CommandFailed('usage', 'Which account? Say its address.')
  const found = fields.host === undefined ? await discovered(cli, address) : undefined
  const local = address.slice(0, address.lastIndexOf('@'))
  const ask = async (question: string, usual: string | undefined, option: string) => {
    const answer = asking ? await terminal.ask(question, usual) : (usual ?? '')
    if (answer === '') throw new CommandFailed('usage', `${question} is not known: say it with ${option}.`)
    return answer
  }
  const host = fields.host ?? (await ask('POP3 server', found?.host, '--host'))
  const server = found?.host === host ? given({ port: found.port, tls: found.tls }) : {}
  const user = fields.user ?? (await ask('User', found?.user ?? local, '--user'))
  let into = fields.destinationId
  if (into === undefined) {
    const { items } = await api.get<{ items: Destination[] }>('/destinations', { limit: 2 })
    const only = items.length === 1 && items[0] !== undefined ? destinationTitle(items[0]) : undefined
    if (items.length === 0)
      throw new CommandFailed(
        'refused',
        'There is no destination yet that its mail could go to: tributary destination add LOGIN',
      )
    into = await destinationId(api, await ask('Destination', only, '--destination'))
  }
  const password = await passwordFrom(cli, options.passwordFile, `Password of ${user} at ${host}`)
  return { ...server, ...fields, address, host, user, password, destinationId: into }
}

/** The likeliest server of an address; none where that cannot be found out. */
async function discovered(
  { api, terminal }: Cli,
  address: string,
): Promise<Candidates['candidates'][number] | undefined> {
  try {
    const { candidates, note } = await api.get<Candidates>('/discover', { address })
    const [first] = candidates
    if (first !== undefined) terminal.note(`Found ${serverOf(first)}, by ${first.source}.`)
    for (const said of [note, first?.note]) if (said) terminal.note(said)
    return first
  } catch (error) {
    if (error instanceof CommandFailed && error.code === 'refused') return undefined
    throw error
  }
}

async function worksOrWanted(cli: Cli, body: NewAccount): Promise<boolean> {
  const { terminal, api } = cli
  terminal.note('Trying it ...')
  const examination = await api.post<Examination>('/accounts/test', body)
  terminal.note(testSentence(examination))
  if (examination.ok || (await terminal.agrees('Register it all the same?'))) return true
  cli.outcome = 'failed'
  return false
}

function showTest(cli: Cli, examination: Examination): void {
  const { terminal } = cli
  if (terminal.json) terminal.document(examination)
  else {
    terminal.say(testSentence(examination))
    const { capabilities, tls } = examination
    if (tls !== null) terminal.note(`${tls.version}, certificate ${tls.fingerprint}, valid until ${tls.validTo}`)
    if (capabilities.length > 0) terminal.note(`The server offers ${capabilities.join(', ')}.`)
  }
  if (!examination.ok) cli.outcome = 'failed'
}

function testSentence({ ok, messages, octets: size, failure }: Examination): string {
  if (!ok) return failure?.message ?? 'It does not work.'
  return `It works: ${count(messages, 'message')}, ${octets(size)}.`
}

/** A run that nobody waits for; one that has ended meanwhile all the same. */
export function showStarted(cli: Cli, run: Run, title = ''): void {
  if (run.finishedAt !== null) showEnded(cli, run, title)
  else if (cli.terminal.json) cli.terminal.print(JSON.stringify(run))
  else cli.terminal.say(`${title}run ${run.id} ${run.state === 'queued' ? 'waits for a worker' : 'is at work'}`)
}
