/** The page of one run: what it did, why it failed, what it brought, and what was said. */
import { useComputed } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import { get } from '../client.ts'
import { Bytes } from '../components/bytes.tsx'
import { FailureNote } from '../components/failure.tsx'
import { Mend } from '../components/mend.tsx'
import { Missing } from '../components/missing.tsx'
import { Notices } from '../components/notices.tsx'
import { Page, Section } from '../components/page.tsx'
import { RelativeTime } from '../components/relative-time.tsx'
import { RunProgress } from '../components/run-progress.tsx'
import { asTitle, runParts, tookMs } from '../components/run-parts.ts'
import { RunBadge } from '../components/status-badge.tsx'
import { duration, moment, number } from '../intl.ts'
import { follow, liveRuns, onTold } from '../live.ts'
import { useResource } from '../resource.ts'
import { accounts, refresh } from '../roster.ts'
import type { PageProps } from '../router.ts'
import type { Run } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Seen } from './account/seen.tsx'

async function runAt(path: string, signal: AbortSignal): Promise<Run> {
  const run = await get<Run>(path, signal)
  if (run.finishedAt === null) follow(run)
  return run
}

export default function RunPage({ params: { id = '' } }: PageProps) {
  const { activity: say } = words.value
  const asked = useResource(`/runs/${id}`, runAt)
  useEffect(
    () =>
      onTold('run', (told) => {
        const newest = told.findLast((run) => run.id === id)
        if (newest !== undefined) asked.set(newest)
      }),
    [id, asked],
  )
  const { value: loaded } = asked.now
  if (loaded.state !== 'ready')
    return <Missing of={asked} title={say.run} back={{ to: '/runs', name: say.title }} say={say} />
  return <Shown run={loaded.value} />
}

function Shown({ run }: { readonly run: Run }) {
  const { activity: say, account: accountWords } = words.value
  const { accountId, failure, finishedAt, notices, deferred } = run
  const { value: account } = useComputed(() => accounts.value.get(accountId))
  const { value: live } = useComputed(() => liveRuns.value.get(accountId))
  useEffect(() => {
    if (!accounts.peek().has(accountId)) refresh(accountId)
  }, [accountId])
  const address = account?.address ?? '…'
  return (
    <Page
      title={say.runTitle(address)}
      back={{ to: '/runs', name: say.title }}
      lead={
        <span class="run-lead">
          <RunBadge state={run.state} />
          <RelativeTime at={finishedAt ?? run.startedAt ?? run.queuedAt} />
          {finishedAt !== null && <span>{asTitle(runParts(run)[0] ?? '')}</span>}
        </span>
      }
    >
      <div class="columns">
        <div class="columns-main">
          {failure !== null && (
            <FailureNote failure={failure} isPaused={account?.paused === true}>
              {account?.lastRun?.failure && <Mend account={account} failure={failure} />}
            </FailureNote>
          )}
          {finishedAt === null && live?.run.id === run.id && (
            <Section title={say.progress}>
              <RunProgress live={live} address={address} />
            </Section>
          )}
          {(notices.length > 0 || deferred > 0) && (
            <Section title={say.notices}>
              {deferred > 0 && <p>{accountWords.deferredHint(deferred)}</p>}
              <Notices run={run} />
            </Section>
          )}
          {finishedAt !== null && (
            <Section title={say.seen}>
              <Seen run={run} />
            </Section>
          )}
        </div>
        <div class="columns-side">
          <Facts run={run} address={address} />
        </div>
      </div>
    </Page>
  )
}

function Facts({ run, address }: { readonly run: Run; readonly address: string }) {
  const { activity: say, accounts: listWords, causes } = words.value
  const counted = (name: string, count: number): readonly (readonly [string, ComponentChildren])[] =>
    count === 0 ? [] : [[name, number(count)]]
  const time = (at: string | null) => (at === null ? '–' : moment(at))
  const facts: readonly (readonly [string, ComponentChildren])[] = [
    [
      listWords.account,
      <a key="account" href={`/accounts/${run.accountId}`}>
        {address}
      </a>,
    ],
    [say.cause, causes[run.cause]],
    ...(run.task === 'rebuild' ? [[say.task, say.rebuild] as const] : []),
    ...(run.checks > 1 ? counted(say.visits, run.checks) : []),
    [say.queuedAt, time(run.queuedAt)],
    [say.startedAt, time(run.startedAt)],
    [say.finishedAt, time(run.finishedAt)],
    ...(run.finishedAt === null ? [] : [[say.tookName, duration(tookMs(run))] as const]),
    [say.listed, number(run.listed)],
    [say.stored, number(run.stored)],
    ...(run.bytes > 0 ? [[say.size, <Bytes key="bytes" octets={run.bytes} />] as const] : []),
    ...counted(say.recovered, run.recovered),
    ...counted(say.deleted, run.deleted),
    ...(run.quarantined === 0
      ? []
      : [
          [
            say.quarantined,
            <a key="aside" href={`/accounts/${run.accountId}`}>
              {number(run.quarantined)}
            </a>,
          ] as const,
        ]),
    ...counted(say.deferred, run.deferred),
  ]
  return (
    <Section title={say.facts}>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Section>
  )
}
