/** One account: what it is, what runs, what ran, and what was set aside. */
import { useComputed, useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import { call, get, problemOf } from '../client.ts'
import { AccountEditor } from '../components/account-editor.tsx'
import { Button } from '../components/button.tsx'
import { Bytes } from '../components/bytes.tsx'
import { Confirm } from '../components/dialog.tsx'
import { FailureNote } from '../components/failure.tsx'
import { Menu } from '../components/menu.tsx'
import { NextRun } from '../components/next-run.tsx'
import { Page, Section } from '../components/page.tsx'
import { RelativeTime } from '../components/relative-time.tsx'
import { RunProgress } from '../components/run-progress.tsx'
import { EmptyState, ErrorState, Loaded, Skeleton } from '../components/states.tsx'
import { RunBadge, StatusBadge } from '../components/status-badge.tsx'
import { attempt } from '../components/toast.tsx'
import { bytes, clock, duration, moment } from '../intl.ts'
import { follow, liveRuns, onTold } from '../live.ts'
import { type Resource, useResource } from '../resource.ts'
import { accounts, forget, learn } from '../roster.ts'
import { navigate } from '../router.ts'
import type { PageProps } from '../routes.ts'
import { may } from '../session.ts'
import type { Account, Arrivals, Destination, List, QuarantineEntry, Run, Transcript } from '../shapes.ts'
import { words } from '../words/index.ts'

const runsShown = 20
const mailShown = 50
const setAsideShown = 3

export default function AccountPage({ params: { id = '' } }: PageProps) {
  const { account: say, accounts: listWords } = words.value
  const asked = useResource(
    async (signal) => {
      const account = await get<Account>(`/accounts/${id}`, signal)
      learn([account])
    },
    [id],
  )
  const runs = useResource(
    async (signal) => {
      const list = await get<List<Run>>(`/accounts/${id}/runs?limit=${runsShown}`, signal)
      const [open] = list.items
      if (open !== undefined && open.finishedAt === null) follow(open)
      return list
    },
    [id],
  )
  const quarantine = useResource(
    async (signal) => await get<List<QuarantineEntry>>(`/accounts/${id}/quarantine?limit=100`, signal),
    [id],
  )
  useEffect(
    () =>
      onTold('run', (run) => {
        if (run.accountId !== id || run.finishedAt === null) return
        runs.reload()
        quarantine.reload()
      }),
    [id, runs, quarantine],
  )
  const found = useComputed(() => accounts.value.get(id))
  const { value: account } = found
  const back = { to: '/accounts', name: listWords.title }
  if (account === undefined) {
    const { value: loaded } = asked.now
    if (loaded.state === 'loading') return <Skeleton lines={8} />
    const isGone = loaded.state === 'ready' || loaded.problem.status === 404
    return (
      <Page title={isGone ? say.gone : listWords.account} back={back}>
        {isGone ? (
          <EmptyState icon="search" title={say.goneHint}>
            <a href="/accounts">{say.toAccounts}</a>
          </EmptyState>
        ) : (
          <ErrorState problem={loaded.problem} retry={() => asked.reload()} />
        )}
      </Page>
    )
  }
  return <Known account={account} runs={runs} quarantine={quarantine} back={back} />
}

function Known({
  account,
  runs,
  quarantine,
  back,
}: {
  readonly account: Account
  readonly runs: Resource<List<Run>>
  readonly quarantine: Resource<List<QuarantineEntry>>
  readonly back: { readonly to: string; readonly name: string }
}) {
  const { account: say, accounts: listWords } = words.value
  const { id, address, status, lastRun } = account
  const open = useSignal<'editor' | 'removal' | undefined>(undefined)
  const live = useComputed(() => liveRuns.value.get(id))
  const change = async (verb: 'pause' | 'resume') => learn([await call<Account>('POST', `/accounts/${id}/${verb}`)])
  const close = () => {
    open.value = undefined
  }
  const edit = () => {
    open.value = 'editor'
  }
  const remove = async () => {
    if (!(await attempt(async () => await call('DELETE', `/accounts/${id}`), say.removed))) return
    navigate('/accounts')
    forget(id)
  }
  const troubled = status === 'needs attention' || status === 'failing'
  return (
    <Page
      title={address}
      back={back}
      lead={<StatusBadge status={status} />}
      actions={
        may('operate') && (
          <>
            <Button
              kind="main"
              icon="refresh"
              disabled={live.value?.run.state === 'running'}
              onClick={() =>
                void attempt(async () => follow(await call<Run>('POST', `/accounts/${id}/pull`)), say.checking)
              }
            >
              {listWords.checkNow}
            </Button>
            {account.paused ? (
              <Button icon="play" onClick={() => void attempt(async () => await change('resume'), say.resumed)}>
                {listWords.resume}
              </Button>
            ) : (
              <Button icon="pause" onClick={() => void attempt(async () => await change('pause'), say.paused)}>
                {listWords.pause}
              </Button>
            )}
            {may('admin') && (
              <Menu
                label={listWords.actionsOf(address)}
                icon="more"
                entries={[
                  { label: listWords.edit, icon: 'edit', onChoose: edit },
                  {
                    label: listWords.remove,
                    icon: 'remove',
                    kind: 'danger',
                    onChoose: () => {
                      open.value = 'removal'
                    },
                  },
                ]}
              />
            )}
          </>
        )
      }
    >
      <div class="columns">
        <div class="columns-main">
          {troubled && lastRun?.failure && (
            <FailureNote failure={lastRun.failure} tone={status === 'failing' ? 'warning' : 'bad'}>
              {lastRun.failure.kind === 'credentials refused' && may('admin') && (
                <Button icon="edit" onClick={edit}>
                  {say.needsPassword}
                </Button>
              )}
            </FailureNote>
          )}
          {live.value !== undefined && (
            <Section title={lastRun === null ? say.firstImport : words.value.overview.runsNow}>
              <RunProgress live={live.value} address={address} />
              {lastRun === null && <p class="quiet">{say.firstImportHint}</p>}
            </Section>
          )}
          <Quarantine of={quarantine} accountId={id} />
          <Runs of={runs} accountId={id} isRunning={live.value !== undefined} />
        </div>
        <div class="columns-side">
          <Facts account={account} />
        </div>
      </div>
      {open.value === 'editor' && <AccountEditor account={account} onClose={close} />}
      {open.value === 'removal' && (
        <Confirm
          title={listWords.removeTitle(1)}
          action={listWords.remove}
          kind="danger"
          onConfirm={() => void remove()}
          onClose={close}
        >
          <p>{listWords.removeHint}</p>
        </Confirm>
      )}
    </Page>
  )
}

function Facts({ account }: { readonly account: Account }) {
  const { account: say, accounts: listWords } = words.value
  const { host, port, tls, tlsVerify, tlsFingerprint, user, destinationId, folder, retention, interval } = account
  const destination = useResource(
    async (signal) => await get<Destination>(`/destinations/${destinationId}`, signal),
    [destinationId],
  )
  const trust = tlsFingerprint !== null ? `, ${say.pinned}` : tls !== 'none' && !tlsVerify ? `, ${say.unverified}` : ''
  const where = destination.now.value
  const facts: readonly (readonly [string, ComponentChildren])[] = [
    [say.next, <NextRun key="next" account={account} />],
    [
      listWords.lastMail,
      account.lastMailAt === null ? listWords.notYet : <RelativeTime key="mail" at={account.lastMailAt} />,
    ],
    [say.interval, say.every(duration(interval.minSeconds * 1000), duration(interval.maxSeconds * 1000))],
    [say.provider, `${host}:${port}`],
    [say.encryption, `${say.tls[tls]}${trust}`],
    [say.user, user],
    [
      say.destination,
      where.state !== 'ready'
        ? '…'
        : where.value.kind === 'hosted'
          ? where.value.login
          : `${where.value.user} (${where.value.host})`,
    ],
    [say.folder, folder],
    [
      say.retention,
      retention.mode === 'keep' ? say.keep : retention.mode === 'delete' ? say.delete : say.keepDays(retention.days),
    ],
    [say.since, moment(account.createdAt)],
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

function Runs({
  of,
  accountId,
  isRunning,
}: {
  readonly of: Resource<List<Run>>
  readonly accountId: string
  readonly isRunning: boolean
}) {
  const { account: say, common } = words.value
  const more = async ({ items, next }: List<Run>) => {
    const list = await get<List<Run>>(`/accounts/${accountId}/runs?limit=${runsShown}&cursor=${next ?? ''}`)
    of.set({ items: [...items, ...list.items], next: list.next })
  }
  return (
    <Section title={say.runs}>
      <Loaded of={of} lines={6}>
        {(list) => {
          const ended = list.items.filter(({ finishedAt }) => finishedAt !== null)
          if (ended.length === 0 && isRunning) return <p class="quiet">{say.firstRuns}</p>
          if (ended.length === 0)
            return (
              <EmptyState icon="clock" title={say.noRuns}>
                <p>{say.noRunsHint}</p>
              </EmptyState>
            )
          return (
            <>
              <ol class="timeline">
                {ended.map((run) => (
                  <RunEntry key={run.id} run={run} />
                ))}
              </ol>
              {list.next !== null && (
                <Button onClick={() => void attempt(async () => await more(list))}>{common.showMore}</Button>
              )}
            </>
          )
        }}
      </Loaded>
    </Section>
  )
}

function RunEntry({ run }: { readonly run: Run }) {
  const { account: say, run: runWords, causes, failures } = words.value
  const opened = useSignal(false)
  const tookMs = Date.parse(run.finishedAt ?? '') - Date.parse(run.startedAt ?? run.finishedAt ?? '')
  const parts = [
    ...(run.failure === null ? [] : [failures[run.failure.kind].title]),
    ...(run.stored > 0 ? [`${runWords.stored(run.stored)} (${bytes(run.bytes)})`] : []),
    ...(run.stored === 0 && run.failure === null ? [say.nothingNew] : []),
    ...(run.recovered > 0 ? [say.recovered(run.recovered)] : []),
    ...(run.deleted > 0 ? [say.deleted(run.deleted)] : []),
    ...(run.quarantined > 0 ? [say.quarantined(run.quarantined)] : []),
    ...(run.listed > 0 ? [say.listed(run.listed)] : []),
    say.took(duration(tookMs)),
    causes[run.cause],
  ]
  return (
    <li class={run.failure === null ? '' : 'failed'}>
      <details
        onToggle={(event) => {
          opened.value = event.currentTarget.open
        }}
      >
        <summary>
          <RunBadge state={run.state} />
          <RelativeTime at={run.finishedAt ?? run.queuedAt} />
          <span class="facts-line">
            {parts.map((part) => (
              <span key={part}>{part}</span>
            ))}
          </span>
        </summary>
        {run.failure !== null && <FailureNote failure={run.failure} />}
        {run.notices.map((notice) => (
          <p key={notice} class="note">
            {notice}
          </p>
        ))}
        {opened.value && <Seen run={run} />}
      </details>
    </li>
  )
}

/** What a run brought, and what was said during it: asked for when it is opened. */
function Seen({ run: { id, stored } }: { readonly run: Run }) {
  const { account: say } = words.value
  const arrivals = useResource(
    async (signal) => await get<Arrivals>(`/runs/${id}/messages?limit=${mailShown}`, signal),
    [id],
  )
  const transcript = useResource(
    async (signal) =>
      await get<Transcript>(`/runs/${id}/transcript`, signal).catch((error: unknown) => {
        if (problemOf(error).status !== 404) throw error
        return { lines: [], truncated: false }
      }),
    [id],
  )
  return (
    <div class="seen">
      {stored > 0 && (
        <>
          <h3>{say.storedMail}</h3>
          <Loaded of={arrivals}>
            {(seen) =>
              seen.items.length === 0 ? (
                <p class="quiet">{say.noStoredMail}</p>
              ) : (
                <ArrivedMail of={arrivals} runId={id} seen={seen} />
              )
            }
          </Loaded>
        </>
      )}
      <h3>{say.transcript}</h3>
      <Loaded of={transcript}>
        {({ lines, truncated }) =>
          lines.length === 0 ? (
            <p class="quiet">{say.noTranscript}</p>
          ) : (
            // Scrolled by keyboard, too.
            <div class="transcript" tabIndex={0} role="region" aria-label={say.transcript}>
              <ol>
                {lines.map(({ at, side, text }, nth) => (
                  <li key={`${nth} ${at}`} class={side}>
                    <time dateTime={at}>{clock(at)}</time>
                    <b>{say.sides[side]}</b>
                    <code>{text}</code>
                  </li>
                ))}
              </ol>
              {truncated && <p class="quiet">{say.truncated}</p>}
            </div>
          )
        }
      </Loaded>
    </div>
  )
}

function ArrivedMail({
  of,
  runId,
  seen: { items, next, omitted },
}: {
  readonly of: Resource<Arrivals>
  readonly runId: string
  readonly seen: Arrivals
}) {
  const { account: say, common } = words.value
  const more = async (cursor: string) => {
    const list = await get<Arrivals>(`/runs/${runId}/messages?limit=${mailShown}&cursor=${cursor}`)
    of.set({ ...list, items: [...items, ...list.items] })
  }
  return (
    <>
      <ul class="rows tight mail">
        {items.map(({ storedAt, from, subject, size }, nth) => (
          <li key={`${nth} ${storedAt}`}>
            <div class="rows-name">
              <span class="mail-subject">{subject || say.noSubject}</span>
              <p class="quiet">{from}</p>
            </div>
            <Bytes octets={size} />
          </li>
        ))}
      </ul>
      {next !== null && <Button onClick={() => void attempt(async () => await more(next))}>{common.showMore}</Button>}
      {next === null && omitted > 0 && <p class="quiet">{say.omitted(omitted)}</p>}
    </>
  )
}

/** Nothing at all where nothing was set aside: most people never see it. */
function Quarantine({ of, accountId }: { readonly of: Resource<List<QuarantineEntry>>; readonly accountId: string }) {
  const { account: say, failures, common } = words.value
  const shown = useSignal(setAsideShown)
  const { value: loaded } = of.now
  if (loaded.state !== 'ready' || loaded.value.items.length === 0) return null
  const act = async (entry: QuarantineEntry, verb: 'retry' | 'dismiss') => {
    const done = verb === 'retry' ? say.retried : say.dismissed
    await attempt(async () => await call('POST', `/accounts/${accountId}/quarantine/${entry.id}/${verb}`), done)
    of.reload()
  }
  return (
    <Section title={say.quarantine}>
      <p class="quiet">{say.quarantineHint}</p>
      <ul class="rows">
        {loaded.value.items.slice(0, shown.value).map((entry) => (
          <li key={entry.id} class="set-aside">
            <div class="rows-name">
              <p class="set-aside-why">{failures[entry.reason.kind].title}</p>
              <p class="quiet">{entry.reason.message}</p>
              <p class="facts-line">
                <Bytes octets={entry.size} />
                <span>{say.attempts(entry.attempts)}</span>
                <RelativeTime at={entry.firstSeenAt} />
              </p>
            </div>
            <div class="set-aside-do">
              {may('operate') && (
                <>
                  <Button icon="refresh" onClick={() => void act(entry, 'retry')}>
                    {say.retry}
                  </Button>
                  <Button onClick={() => void act(entry, 'dismiss')}>{say.dismiss}</Button>
                </>
              )}
              <a
                class="button plain"
                href={`/api/v1/accounts/${accountId}/quarantine/${entry.id}/message`}
                download={`${entry.id}.eml`}
              >
                {say.download}
              </a>
            </div>
          </li>
        ))}
      </ul>
      {loaded.value.items.length > shown.value && (
        <Button
          onClick={() => {
            shown.value = loaded.value.items.length
          }}
        >
          {common.showMore} ({loaded.value.items.length - shown.value})
        </Button>
      )}
    </Section>
  )
}
