/** Does mail flow? In five seconds; and what to do where it does not. */
import { useComputed, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { get } from '../client.ts'
import { Chart } from '../components/chart.tsx'
import { Segments } from '../components/field.tsx'
import { Icon, type IconName } from '../components/icon.tsx'
import { Page, Section } from '../components/page.tsx'
import { RunProgress } from '../components/run-progress.tsx'
import { Badge, StatusBadge, type Tone, toneOf } from '../components/status-badge.tsx'
import { Loaded } from '../components/states.tsx'
import { bytes, day, hour } from '../intl.ts'
import { follow, liveRuns, onTold } from '../live.ts'
import { accounts, learn, refresh } from '../roster.ts'
import { navigate } from '../router.ts'
import { type Resource, useResource } from '../resource.ts'
import type { Account, AccountStatus, Health, List, MailCount, Run, Stats } from '../shapes.ts'
import { words } from '../words/index.ts'

/** Looked at again so often, and soon after a run has ended. */
const askedEveryMs = 30_000
const askedAfterMs = 2000
/** Of each list: what somebody reads at a glance. */
const shownMax = 6

export default function Overview() {
  const stats = useResource(async (signal) => await get<Stats>('/stats', signal), [])
  const troubled = useResource(async (signal) => await withStatus(['needs attention', 'failing'], signal), [])
  const running = useResource(runsNow, [])
  useEffect(() => {
    const reload = () => {
      stats.reload()
      troubled.reload()
    }
    const timer = window.setInterval(reload, askedEveryMs)
    let soon: number | undefined
    const unsubscribe = onTold('account', () => {
      soon ??= window.setTimeout(() => {
        soon = undefined
        reload()
      }, askedAfterMs)
    })
    return () => {
      window.clearInterval(timer)
      window.clearTimeout(soon)
      unsubscribe()
    }
  }, [stats, troubled])

  const { overview: say } = words.value
  const { value: loaded } = stats.now
  const isEmpty = loaded.state === 'ready' && loaded.value.accounts.total === 0
  useEffect(() => {
    if (isEmpty) navigate('/welcome', 'replace')
  }, [isEmpty])
  return (
    <Page title={say.title}>
      <Loaded of={stats} lines={8}>
        {(value) => (
          <div class="overview">
            <Verdict stats={value} />
            <div class="overview-main">
              <Troubled of={troubled} total={troubles(value)} />
              <RunsNow of={running} />
              <Mail stats={value} />
            </div>
            <div class="overview-side">
              <ByStatus stats={value} />
              <Parts stats={value} />
            </div>
          </div>
        )}
      </Loaded>
    </Page>
  )
}

async function withStatus(statuses: readonly AccountStatus[], signal: AbortSignal): Promise<readonly Account[]> {
  const lists = await Promise.all(
    statuses.map(
      async (status) =>
        await get<List<Account>>(`/accounts?status=${encodeURIComponent(status)}&limit=${shownMax}`, signal),
    ),
  )
  return lists.flatMap(({ items }) => items).slice(0, shownMax)
}

/** What already ran when the page was opened; from then on it is told. */
async function runsNow(signal: AbortSignal): Promise<void> {
  const found = await withStatus(['running', 'waiting'], signal)
  learn(found)
  const open = await Promise.all(
    found.map(async ({ id }) => (await get<List<Run>>(`/accounts/${id}/runs?limit=1`, signal)).items[0]),
  )
  for (const run of open) if (run !== undefined) follow(run)
}

const troubles = ({ accounts: { byStatus } }: Stats) => (byStatus['needs attention'] ?? 0) + (byStatus.failing ?? 0)
const sum = (counts: readonly MailCount[]) => counts.reduce((total, { messages }) => total + messages, 0)

/** All of it in one sentence. */
function Verdict({ stats }: { readonly stats: Stats }) {
  const { overview: say } = words.value
  const { accounts: all, mail, health } = stats
  const stopped = all.byStatus['needs attention'] ?? 0
  const failing = all.byStatus.failing ?? 0
  const down = !health.redis.ok || !health.store.ok || health.workers === 0
  const [tone, icon, title, hint]: readonly [Tone, IconName, string, string] = down
    ? ['bad', 'stop', say.partsDown, say.partsDownHint]
    : stopped > 0
      ? ['bad', 'stop', say.needYou(stopped), say.needYouHint]
      : failing > 0
        ? ['warning', 'warning', say.someFail(failing), say.someFailHint]
        : ['good', 'check', say.allWell, say.allWellHint(all.total, sum(mail.hours.slice(-24)))]
  return (
    <div class={`verdict ${tone}`} role="status">
      <span class="verdict-sign">
        <Icon name={icon} />
      </span>
      <div>
        <p class="verdict-title">{title}</p>
        <p>{hint}</p>
      </div>
    </div>
  )
}

function Troubled({ of, total }: { readonly of: Resource<readonly Account[]>; readonly total: number }) {
  const { overview: say, failures } = words.value
  const { value: loaded } = of.now
  if (total === 0 && (loaded.state !== 'ready' || loaded.value.length === 0)) return null
  return (
    <Section
      title={say.attention}
      aside={total > shownMax && <a href="/accounts?sort=status">{say.attentionMore(total)}</a>}
    >
      <Loaded of={of}>
        {(some) => (
          <ul class="rows">
            {some.map(({ id, address, status, lastRun }) => (
              <li key={id}>
                <div class="rows-name">
                  <a href={`/accounts/${id}`}>{address}</a>
                  {lastRun?.failure && <p class="quiet">{failures[lastRun.failure.kind].title}</p>}
                </div>
                <StatusBadge status={status} />
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Section>
  )
}

function RunsNow({ of }: { readonly of: Resource<void> }) {
  const { overview: say } = words.value
  const open = useComputed(() =>
    [...liveRuns.value.values()].toSorted(
      (a, b) => Number(b.run.state === 'running') - Number(a.run.state === 'running'),
    ),
  )
  const unknown = open.value.slice(0, shownMax).filter(({ run }) => !accounts.value.has(run.accountId))
  useEffect(() => {
    for (const { run } of unknown) refresh(run.accountId)
  })
  return (
    <Section title={say.runsNow}>
      <Loaded of={of} lines={2}>
        {() =>
          open.value.length === 0 ? (
            <p class="quiet">
              {say.nothingRuns}. {say.nothingRunsHint}
            </p>
          ) : (
            <ul class="rows">
              {open.value.slice(0, shownMax).map((live) => {
                const account = accounts.value.get(live.run.accountId)
                return (
                  <li key={live.run.id} class="rows-run">
                    <a href={`/accounts/${live.run.accountId}`}>{account?.address ?? '…'}</a>
                    <RunProgress live={live} address={account?.address ?? ''} />
                  </li>
                )
              })}
              {open.value.length > shownMax && <li class="quiet">{say.runsMore(open.value.length - shownMax)}</li>}
            </ul>
          )
        }
      </Loaded>
    </Section>
  )
}

function Mail({ stats: { mail } }: { readonly stats: Stats }) {
  const { overview: say } = words.value
  const span = useSignal<'hours' | 'days'>('hours')
  const counts = mail[span.value]
  const total = sum(counts)
  return (
    <Section
      title={say.mail}
      aside={
        <Segments
          label={say.span}
          value={span.value}
          options={[
            { value: 'hours', text: say.perHour },
            { value: 'days', text: say.perDay },
          ]}
          onChoose={(value) => {
            span.value = value
          }}
        />
      }
    >
      <Chart
        label={say.mail}
        summary={span.value === 'hours' ? say.hourSummary(total) : say.daySummary(total)}
        bars={counts}
        nameOf={span.value === 'hours' ? hour : day}
        tellOf={({ messages, bytes: octets, failed }) => say.barTold(messages, bytes(octets), failed)}
      />
    </Section>
  )
}

/** In the order of a reader's worry. */
const statuses: readonly AccountStatus[] = ['needs attention', 'failing', 'running', 'waiting', 'idle', 'paused']

function ByStatus({ stats: { accounts: all } }: { readonly stats: Stats }) {
  const { overview: say, accounts: accountWords } = words.value
  const some = statuses.filter((status) => (all.byStatus[status] ?? 0) > 0)
  return (
    <Section title={say.byStatus} aside={<a href="/accounts">{accountWords.count(all.total)}</a>}>
      <div class="parts" aria-hidden="true">
        {some.map((status) => (
          <span key={status} class={toneOf(status)} style={{ flexGrow: all.byStatus[status] ?? 0 }} />
        ))}
      </div>
      <ul class="rows tight">
        {some.map((status) => (
          <li key={status}>
            <a href={`/accounts?status=${encodeURIComponent(status)}`}>
              <StatusBadge status={status} />
            </a>
            <span class="end">{all.byStatus[status]?.toLocaleString()}</span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

function Parts({ stats: { health, destinations } }: { readonly stats: Stats }) {
  const { overview: say } = words.value
  const part = (name: string, { ok, detail }: Health) => (
    <li key={name}>
      <div class="rows-name">
        {name}
        {!ok && <p class="quiet">{detail}</p>}
      </div>
      <Badge tone={ok ? 'good' : 'bad'} icon={ok ? 'check' : 'stop'}>
        {ok ? say.works : say.fails}
      </Badge>
    </li>
  )
  return (
    <Section title={say.health}>
      <ul class="rows tight">
        {part(say.redis, health.redis)}
        {part(say.store, health.store)}
        <li>
          <span class="rows-name">{say.workers}</span>
          <Badge tone={health.workers > 0 ? 'good' : 'bad'} icon={health.workers > 0 ? 'check' : 'stop'}>
            {health.workers > 0 ? say.workersWork(health.workers) : say.noWorkers}
          </Badge>
        </li>
      </ul>
      {destinations.paused > 0 && <p class="note warning">{say.destinationsPaused(destinations.paused)}</p>}
    </Section>
  )
}
