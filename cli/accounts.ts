/** `tributary account`: POP3 accounts, and the visits to them. */
import { type Command, Option } from 'commander'
import { changedPassword, type PasswordOptions } from './changed-password.ts'
import { completedAccount, type FieldOptions, fieldsIn, withFields } from './account-fields.ts'
import type { Cli } from './cli.ts'
import { CommandFailed } from './failure.ts'
import { accountId, destinationId, destinationTitle } from './find.ts'
import { type ListOptions, list, withPages } from './lists.ts'
import { given } from './options.ts'
import { example } from './reference.ts'
import { standingOf } from './states.ts'
import { addSignIn } from './sign-in.ts'
import type { Column } from './table.ts'
import { showEnded, watch } from './watch.ts'
import {
  away,
  count,
  firstRunOf,
  identityOf,
  importOf,
  loginOf,
  moment,
  octets,
  retentionOf,
  rhythmOf,
  sendingOf,
  sendsBy,
  sentenceOf,
  serverOf,
  signInOf,
} from './words.ts'
import type {
  AddressVerification,
  Account,
  AccountPatch,
  Destination,
  Examination,
  Identities,
  NewAccount,
  Run,
  SmtpExamination,
} from './wire.ts'

const styles = {
  idle: 'green',
  running: 'cyan',
  waiting: 'cyan',
  failing: 'yellow',
  'needs attention': 'red',
  paused: 'gray',
} as const

export function addAccounts(program: Command, cli: Cli): void {
  const account = program.command('account').description('POP3 accounts: where mail comes from')
  addAdd(account, cli)
  addList(account, cli)
  addShow(account, cli)
  addTest(account, cli)
  addVerify(account, cli)
  addEdit(account, cli)
  addPull(account, cli)
  addPauseAndResume(account, cli)
  addSignIn(account, cli, 'account')
  addRemove(account, cli)
}

function addAdd(account: Command, cli: Cli): void {
  const { terminal } = cli
  example(
    withFields(account.command('add').description('Register an account; on a terminal, what is missing is asked for'))
      .argument('[address]', 'its e-mail address')
      .option('--dry-run', 'only try whether it works')
      .option('--untested', 'register it without trying it before')
      .action(async (address: string | undefined, options: FieldOptions & { dryRun?: true; untested?: true }) => {
        const asked = await completedAccount(cli, { ...options, ...given({ address }) })
        if (options.dryRun) {
          showTest(cli, await cli.api.post<Examination>('/accounts/test', asked))
          return
        }
        const signsIn = asked.auth === 'oauth2'
        // There is nothing to be tried before its owner has signed in.
        const body = signsIn || options.untested ? asked : await worksOrWanted(cli, asked)
        if (body === undefined) return
        const made = await cli.api.post<Account>('/accounts', body)
        if (terminal.json) terminal.document(made)
        else terminal.say(made.id)
        for (const notice of made.notices ?? []) terminal.note(notice)
        terminal.note(
          signsIn
            ? `${made.address} is registered. It is not visited before its owner has signed in: tributary account sign-in ${made.address}`
            : `${made.address} is registered. To see its first run: tributary account pull ${made.address} --watch`,
        )
      }),
    'tributary account add me@example.net',
    'tributary account add me@outlook.com --auth oauth2 --application 01JQ5Z0V9Q3W7X2B4C6D8E0F1G',
    'tributary account add me@example.net --host pop.example.net --destination alice --password-file - < password',
    'tributary account add me@example.net --host pop.example.net --destination alice --untested --password-file - < password',
  )
}

function addList(account: Command, cli: Cli): void {
  const { terminal } = cli
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
          await list<Account>(cli, { path: '/accounts', query: { status, destinationId: id, q, sort } }, options, [
            { title: 'address', of: ({ address }) => address },
            { title: 'server', of: ({ hostUnicode }) => hostUnicode },
            { title: 'status', of: standingOf, paint },
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
}

function addShow(account: Command, cli: Cli): void {
  const { terminal } = cli
  example(
    account
      .command('show')
      .description('Show an account')
      .argument('<account>', 'its address or id')
      .action(async (name: string) => {
        const { api } = cli
        const shown = await api.get<Account>(`/accounts/${await accountId(api, name)}`)
        if (terminal.json) return terminal.document(shown)
        const { destinationId: gathersIn } = shown
        const destination = await api.get<Destination>(`/destinations/${gathersIn}`)
        const { items: identities } = await api.get<Identities>(`/destinations/${gathersIn}/identities`)
        terminal.fields(
          ['id', shown.id],
          ['address', shown.address],
          ['server', serverOf(shown)],
          ['user', shown.user],
          ['certificate', shown.tlsFingerprint ?? (shown.tlsVerify ? '' : 'any is taken')],
          ['logs in by', loginOf(shown)],
          ...(shown.oauth === null ? [] : [['signed in', signInOf(shown.oauth)] as const]),
          ['sends by', sendsBy(shown)],
          ['sends as', shown.senderName ?? undefined],
          ['its address', identityOf(shown, identities)],
          ['sending', sendingOf(shown)],
          ['goes to', `${destinationTitle(destination)}, folder ${shown.folder}`],
          ['flags', shown.flags.join(' ')],
          ['retention', retentionOf(shown)],
          ['first run', firstRunOf(shown)],
          ['interval', `${shown.interval.minSeconds} to ${shown.interval.maxSeconds} s`],
          ['largest message', octets(shown.maxMessageBytes)],
          ['first import', importOf(shown)],
          ['status', standingOf(shown)],
          ['set aside', shown.quarantined === 0 ? undefined : count(shown.quarantined, 'message')],
          ...(shown.twinOf === null ? [] : [['fetches the same mail as', shown.twinOf] as const]),
          [
            'last run',
            shown.lastRun === null ? 'never' : `${moment(shown.lastRun.finishedAt)}: ${sentenceOf(shown.lastRun)}`,
          ],
          ['next run', moment(shown.nextRunAt)],
          ['visited', rhythmOf(shown)],
          ['registered', moment(shown.createdAt)],
        )
      }),
    'tributary account show me@example.net',
  )
}

function addTest(account: Command, cli: Cli): void {
  example(
    account
      .command('test')
      .description(
        'Try an account: what the server offers, how much mail is there, and whether it can send; nothing is fetched or sent',
      )
      .argument('<account>', 'its address or id')
      .action(async (name: string) => {
        const path = `/accounts/${await accountId(cli.api, name)}`
        const shown = await cli.api.get<Account>(path)
        const examination = await cli.api.post<Examination>(`${path}/test`)
        const sending = shown.smtp === false ? undefined : await cli.api.post<SmtpExamination>(`${path}/smtp/test`)
        showTest(cli, examination, sending)
      }),
    'tributary account test me@example.net',
  )
}

function addVerify(account: Command, cli: Cli): void {
  const { terminal } = cli
  example(
    account
      .command('verify')
      .description(
        'Send a mail as the address of an account, to itself: gathered, it shows that the address can be sent as',
      )
      .argument('<account>', 'its address or id')
      .action(async (name: string) => {
        const id = await accountId(cli.api, name)
        const answer = await cli.api.post<AddressVerification>(`/accounts/${id}/smtp/verify`)
        if (terminal.json) terminal.document(answer)
        else if (answer.ok) terminal.say(`${answer.next ?? ''} To see whether it was: tributary account show ${name}`)
        else terminal.say(sendingSentence(answer))
        if (!answer.ok) cli.outcome = 'failed'
      }),
    'tributary account verify me@example.net',
  )
}

function addEdit(account: Command, cli: Cli): void {
  const { terminal } = cli
  example(
    withFields(account.command('edit').description('Change an account'))
      .argument('<account>', 'its address or id')
      .option('--address <address>', 'its e-mail address')
      .option('--ask-password', 'ask for a new password')
      .action(async (name: string, options: FieldOptions & PasswordOptions) => {
        const { api } = cli
        const id = await accountId(api, name)
        const before = await api.get<Account>(`/accounts/${id}`)
        const password = await changedPassword(cli, before, options, 'Password at the provider')
        const body: AccountPatch = { ...(await fieldsIn(cli, options)), ...given({ password }) }
        if (Object.keys(body).length === 0)
          throw new CommandFailed('usage', 'What is to change? --help lists the options.')
        const changed = await api.ask<Account>('PATCH', `/accounts/${id}`, { body })
        if (terminal.json) terminal.document(changed)
        else terminal.note(`${changed.address} is changed.`)
        for (const notice of changed.notices ?? []) terminal.note(notice)
      }),
    'tributary account edit me@example.net --retention 14 --folder Old',
    'tributary account edit me@example.net --ask-password',
    'tributary account edit me@outlook.com --auth oauth2 --application 01JQ5Z0V9Q3W7X2B4C6D8E0F1G',
  )
}

function addPull(account: Command, cli: Cli): void {
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
}

function addPauseAndResume(account: Command, cli: Cli): void {
  const { terminal } = cli
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
}

function addRemove(account: Command, cli: Cli): void {
  const { terminal } = cli
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

/** @returns what is to be registered, as the test has shown it to work; undefined: it does not work, and is not wanted so. */
async function worksOrWanted(cli: Cli, body: NewAccount): Promise<NewAccount | undefined> {
  const { terminal, api } = cli
  if (terminal.attended) terminal.note('Trying it ...')
  const examination = await api.post<Examination>('/accounts/test', body)
  const { ok, user, step, failure } = examination
  if (!ok) terminal.warn(testSentence(examination))
  else if (terminal.attended) terminal.note(testSentence(examination))
  if (ok) return { ...body, ...given({ user }) }
  if (terminal.attended) {
    if (step?.code === 'other port') {
      const { port, tls } = step
      if (await terminal.agrees(`Take port ${port} (${tlsWords[tls]})?`, 'y'))
        return await worksOrWanted(cli, { ...body, port, tls })
    } else if (failure?.kind === 'unreachable' || failure?.kind === 'silent' || failure?.kind === 'tls') {
      const changed = await otherPort(cli, body)
      if (changed !== undefined) return await worksOrWanted(cli, changed)
    }
    if (await terminal.agrees('Register it all the same?')) return body
  } else terminal.note('It is not registered; --untested registers it all the same.')
  cli.outcome = 'failed'
  return undefined
}

const tlsWords = { implicit: 'TLS', starttls: 'STARTTLS', none: 'in clear' } as const
const tlsModes = ['implicit', 'starttls', 'none'] as const

/** Asks for another port and another encryption; undefined: they stay. */
async function otherPort({ terminal }: Cli, body: NewAccount): Promise<NewAccount | undefined> {
  const tls = body.tls ?? 'implicit'
  const answer = await terminal.ask('Encryption (implicit, starttls or none)', tls)
  const chosen = tlsModes.find((mode) => mode === answer) ?? tls
  const usual = chosen === tls && body.port !== undefined ? body.port : chosen === 'implicit' ? 995 : 110
  const port = Number(await terminal.ask('Port', String(usual)))
  const isSame = chosen === tls && port === (body.port ?? usual)
  return isSame || !Number.isInteger(port) ? undefined : { ...body, tls: chosen, port }
}

function showTest(cli: Cli, examination: Examination, sending?: SmtpExamination): void {
  const { terminal } = cli
  if (terminal.json) terminal.document(sending === undefined ? examination : { ...examination, smtp: sending })
  else {
    terminal.say(testSentence(examination))
    if (examination.ok && examination.user !== undefined) terminal.note(`The user there is ${examination.user}.`)
    const { capabilities, tls } = examination
    if (tls !== null) terminal.note(`${tls.version}, certificate ${tls.fingerprint}, valid until ${tls.validTo}`)
    if (capabilities.length > 0) terminal.note(`The server offers ${capabilities.join(', ')}.`)
  }
  if (sending !== undefined && !terminal.json) terminal.say(sendingSentence(sending))
  if (!examination.ok || sending?.ok === false) cli.outcome = 'failed'
}

function sendingSentence({ ok, failure, next, smtp }: SmtpExamination): string {
  const server = smtp === false || smtp === null ? '' : ` by ${serverOf(smtp)}`
  if (ok) return `It can send${server}.`
  return [`It cannot send${server}: ${failure?.message ?? 'it does not work.'}`, ...(next === null ? [] : [next])].join(
    ' ',
  )
}

function testSentence({ ok, messages, octets: size, failure, next }: Examination): string {
  if (!ok) return [failure?.message ?? 'It does not work.', ...(next === null ? [] : [next])].join(' ')
  return `It works: ${count(messages, 'message')}, ${octets(size)}.`
}

/** Tells of a run that the command does not wait for; the run may have ended all the same. */
export function showStarted(cli: Cli, run: Run, title = ''): void {
  if (run.finishedAt !== null) showEnded(cli, run, title)
  else if (cli.terminal.json) cli.terminal.print(JSON.stringify(run))
  else cli.terminal.say(`${title}run ${run.id} ${run.state === 'queued' ? 'waits for a worker' : 'is at work'}`)
}
