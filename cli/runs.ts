/** `tributary run`: the visits to maildrops, and the messages that they stored. */
import { type Command, Option } from 'commander'
import type { Cli } from './cli.ts'
import { accountId } from './find.ts'
import { type ListOptions, list, withPages } from './lists.ts'
import { example } from './reference.ts'
import { runStateWords } from './states.ts'
import { watch } from './watch.ts'
import { ageOf, deferredOf, moment, number, octets, sentenceOf } from './words.ts'
import type { AnyRun, ArrivedMessage, Run, Transcript } from './wire.ts'

interface RunOptions {
  readonly state?: Run['state']
  readonly since?: string
}

export function addRuns(program: Command, cli: Cli): void {
  const { terminal } = cli
  const run = program.command('run').description('Runs: one visit each')

  example(
    withPages(run.command('list').description('List runs, newest first: of one account, or of all'))
      .argument('[account]', 'its address or id; left out: all accounts')
      .addOption(
        new Option('--state <state>', 'only those in this state').choices(['queued', 'running', 'done', 'failed']),
      )
      .option('--since <time>', 'only those that were queued then or later, such as 2026-11-24T08:30:00Z')
      .action(async (name: string | undefined, { state, since, ...pages }: ListOptions & RunOptions) => {
        const of = name === undefined ? undefined : await accountId(cli.api, name)
        const whose =
          of === undefined
            ? [
                { title: 'address', of: ({ address }: AnyRun) => address ?? 'removed' },
                { title: 'account', of: (one: AnyRun) => one.accountId },
              ]
            : []
        await list<AnyRun>(cli, { path: '/runs', query: { accountId: of, state, since } }, pages, [
          { title: 'id', of: ({ id }) => id },
          ...whose,
          { title: 'began', of: ({ startedAt, queuedAt }) => moment(startedAt ?? queuedAt) },
          { title: 'took', of: ageOf, right: true },
          { title: 'cause', of: ({ cause }) => cause },
          { title: 'visits', of: ({ checks }) => number(checks), right: true },
          {
            title: 'state',
            of: ({ state }) => runStateWords[state],
            paint: (text, { state }) => terminal.paint(state === 'failed' ? 'red' : 'green', text),
          },
          { title: 'did', of: sentenceOf },
        ])
      }),
    'tributary run list me@example.net --limit 10',
    'tributary run list --state failed --since 2026-11-24',
  )

  example(
    run
      .command('show')
      .description('Show a run')
      .argument('<run>', 'its id')
      .option('-w, --watch', 'until it has ended')
      .action(async (id: string, { watch: watching }: { watch?: true }) => {
        const shown = await cli.api.get<Run>(`/runs/${id}`)
        if (watching) return await watch(cli, [{ run: shown, title: id }])
        if (terminal.json) return terminal.document(shown)
        terminal.fields(
          ['id', shown.id],
          ['account', shown.accountId],
          ['task', shown.task],
          ['visits', shown.checks === 1 ? undefined : `${number(shown.checks)} in a row that found nothing to do`],
          ['cause', shown.cause],
          ['state', runStateWords[shown.state]],
          ['queued', moment(shown.queuedAt)],
          ['began', moment(shown.startedAt)],
          ['ended', moment(shown.finishedAt)],
          ['took', ageOf(shown)],
          ['did', sentenceOf(shown)],
          ['left', deferredOf(shown)],
          ['passes', shown.failure?.passes ? 'the server says that this passes by itself' : undefined],
          ...shown.notices.map((notice) => ['notice', notice] as const),
        )
      }),
    'tributary run show 01JQ5Z0V9Q3W7X2B4C6D8E0F1G --watch',
  )

  example(
    withPages(run.command('messages').description('List what a run brought'))
      .argument('<run>', 'its id')
      .action(async (id: string, options: ListOptions) => {
        await list<ArrivedMessage>(cli, { path: `/runs/${id}/messages` }, options, [
          { title: 'stored', of: ({ storedAt }) => moment(storedAt) },
          { title: 'folder', of: ({ folder }) => folder },
          { title: 'uid', of: ({ uid }) => (uid === null ? '' : number(uid)), right: true },
          { title: 'size', of: ({ size }) => octets(size), right: true },
          { title: 'from', of: ({ from }) => from ?? '' },
          { title: 'subject', of: ({ subject }) => subject ?? '' },
        ])
      }),
    'tributary run messages 01JQ5Z0V9Q3W7X2B4C6D8E0F1G',
  )

  example(
    run
      .command('transcript')
      .description('Show what was said between us and the provider in a run; no passwords, no mail')
      .argument('<run>', 'its id')
      .action(async (id: string) => {
        const transcript = await cli.api.get<Transcript>(`/runs/${id}/transcript`)
        if (terminal.json) return terminal.document(transcript)
        const signs = { client: '>', server: '<', note: '-' } as const
        for (const { at, side, text } of transcript.lines) terminal.say(`${at.slice(11, 23)} ${signs[side]} ${text}`)
        if (transcript.truncated) terminal.note('It was longer; what came between is not kept.')
      }),
    'tributary run transcript 01JQ5Z0V9Q3W7X2B4C6D8E0F1G',
  )
}
