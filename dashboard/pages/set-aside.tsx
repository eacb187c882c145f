/** The page of all messages that were set aside, of all accounts. */
import { useEffect } from 'preact/hooks'
import { get } from '../client.ts'
import { More } from '../components/more.tsx'
import { Page } from '../components/page.tsx'
import { SetAside } from '../components/set-aside.tsx'
import { EmptyState, Loaded } from '../components/states.tsx'
import { onTold } from '../live.ts'
import { readSoon } from '../pace.ts'
import { useResource } from '../resource.ts'
import { accounts, refresh } from '../roster.ts'
import { ask, query } from '../router.ts'
import { may } from '../session.ts'
import type { AnyQuarantineEntry, AsideFilters, AsideReason, List, Stats } from '../shapes.ts'
import { words } from '../words/index.ts'
import { SettleAll } from './set-aside/settle-all.tsx'

const readAtOnce = 50
/** As much as the API gives at once. */
const readMax = 500

/** How often a page that has none of those that are wanted is followed by the next one. */
const emptyMax = 100

/** What was shown already stays: somebody may have asked for more. */
async function entriesAt(
  path: string,
  signal: AbortSignal,
  before?: List<AnyQuarantineEntry>,
): Promise<List<AnyQuarantineEntry>> {
  const count = Math.min(readMax, Math.max(readAtOnce, before?.items.length ?? 0))
  let page: List<AnyQuarantineEntry> = await get(`${path}&limit=${count}`, signal)
  for (let nth = 0; page.items.length === 0 && page.next !== null && nth < emptyMax; nth += 1)
    page = await get(`${path}&limit=${count}&cursor=${page.next}`, signal)
  return page
}

/** Other reasons are rare, and stand in the list as all do. */
const reasonsOffered: readonly AsideReason[] = [
  'over limit',
  'provider refused',
  'store refused',
  'broken protocol',
  'silent',
  'unreachable',
  'internal',
]

export default function SetAsidePage() {
  const asked = query.value.get('reason')
  const accountId = query.value.get('accountId')
  const isReason =
    asked === 'over limit' || (asked !== 'no such host' && asked !== null && asked in words.value.reasons)
  const reason = isReason ? asked : null
  const wanted: AsideFilters = {
    ...(reason === null ? {} : { reason: reason as AsideReason }),
    ...(accountId === null || accountId === '' ? {} : { accountId }),
  }
  return <Aside key={JSON.stringify(wanted)} wanted={wanted} />
}

function Aside({ wanted }: { readonly wanted: AsideFilters }) {
  const { aside: say, account: accountWords, overview } = words.value
  const entries = useResource(`/quarantine?${new URLSearchParams({ ...wanted }).toString()}`, entriesAt)
  const stats = useResource<Stats>('/stats')
  useEffect(
    () =>
      onTold('run', (told) => {
        const { value: list } = entries.now
        const ours = new Set(list.state === 'ready' ? list.value.items.map(({ accountId }) => accountId) : [])
        const isChanged = told.some(
          ({ accountId, finishedAt, quarantined }) => finishedAt !== null && (quarantined > 0 || ours.has(accountId)),
        )
        if (isChanged) for (const { again } of [entries, stats]) readSoon(again)
      }),
    [entries, stats],
  )
  // Somebody else may have let go of one.
  useEffect(
    () =>
      onTold('account', (told) => {
        const { value: list } = entries.now
        const ours = new Set(list.state === 'ready' ? list.value.items.map(({ accountId }) => accountId) : [])
        if (told.some(({ id }) => ours.has(id))) for (const { again } of [entries, stats]) readSoon(again)
      }),
    [entries, stats],
  )
  const { value: counted } = stats.now
  const isNarrowed = Object.keys(wanted).length > 0
  const done = () => {
    entries.reload()
    stats.reload()
  }
  return (
    <Page
      title={say.title}
      back={{ to: '/', name: overview.title }}
      lead={
        !isNarrowed &&
        counted.state === 'ready' &&
        counted.value.quarantined.messages > 0 && (
          <span aria-live="polite">
            {say.count(counted.value.quarantined.messages, counted.value.quarantined.accounts)}
          </span>
        )
      }
    >
      <Filter wanted={wanted} />
      <Loaded of={entries} lines={8}>
        {({ items, next }) =>
          items.length === 0 && next === null ? (
            isNarrowed ? (
              <EmptyState icon="check" title={say.noneSo} />
            ) : (
              <EmptyState icon="check" title={say.none}>
                <p>{say.noneHint}</p>
              </EmptyState>
            )
          ) : (
            <section class="card" aria-label={say.title}>
              <div class="set-aside-head">
                <p class="quiet">{accountWords.quarantineHint}</p>
                {may('operate') && (items.length > 1 || next !== null) && (
                  <SettleAll wanted={wanted} mayRetry={items.some(mayHelp)} onDone={done} />
                )}
              </div>
              <ul class="rows">
                {items.map((entry) => (
                  <SetAside
                    key={entry.id}
                    entry={entry}
                    accountId={entry.accountId}
                    limit={entry.maxMessageBytes}
                    onDone={done}
                  >
                    <a class="set-aside-of" href={`/accounts/${entry.accountId}`}>
                      {entry.address}
                    </a>
                  </SetAside>
                ))}
              </ul>
              <More of={entries} />
            </section>
          )
        }
      </Loaded>
    </Page>
  )
}

/** Whether it would not only be set aside again. */
function mayHelp({ overLimit, size, maxMessageBytes }: AnyQuarantineEntry): boolean {
  return !overLimit || size <= maxMessageBytes
}

function Filter({ wanted: { reason, accountId } }: { readonly wanted: AsideFilters }) {
  const { aside: say, accounts: list, activity, reasons } = words.value
  const account = accountId === undefined ? undefined : accounts.value.get(accountId)
  useEffect(() => {
    if (accountId !== undefined) refresh(accountId)
  }, [accountId])
  const offered = reason === undefined || reasonsOffered.includes(reason) ? reasonsOffered : [...reasonsOffered, reason]
  return (
    <search class="filter">
      <label>
        <span class="unseen">{list.reason}</span>
        <select value={reason ?? ''} onChange={(event) => ask({ reason: event.currentTarget.value })}>
          <option value="">{list.anyReason}</option>
          {offered.map((one) => (
            <option key={one} value={one}>
              {one === 'over limit' ? say.overLimit : reasons[one]}
            </option>
          ))}
        </select>
      </label>
      {accountId !== undefined && (
        <button type="button" class="button plain" onClick={() => ask({ accountId: '' })}>
          {activity.onlyOf(account?.address ?? '…')}
        </button>
      )}
    </search>
  )
}
