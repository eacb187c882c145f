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
import type { AnyQuarantineEntry, List, Stats } from '../shapes.ts'
import { words } from '../words/index.ts'

const readAtOnce = 50
/** As much as the API gives at once. */
const readMax = 500

/** What was shown already stays: somebody may have asked for more. */
async function entriesAt(
  path: string,
  signal: AbortSignal,
  before?: List<AnyQuarantineEntry>,
): Promise<List<AnyQuarantineEntry>> {
  const count = Math.min(readMax, Math.max(readAtOnce, before?.items.length ?? 0))
  return await get(`${path}&limit=${count}`, signal)
}

export default function SetAsidePage() {
  const { aside: say, account: accountWords, overview } = words.value
  const entries = useResource('/quarantine?', entriesAt)
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
  const done = () => {
    entries.reload()
    stats.reload()
  }
  return (
    <Page
      title={say.title}
      back={{ to: '/', name: overview.title }}
      lead={
        counted.state === 'ready' &&
        counted.value.quarantined.messages > 0 && (
          <span aria-live="polite">
            {say.count(counted.value.quarantined.messages, counted.value.quarantined.accounts)}
          </span>
        )
      }
    >
      <Loaded of={entries} lines={8}>
        {({ items, next }) =>
          items.length === 0 && next === null ? (
            <EmptyState icon="check" title={say.none}>
              <p>{say.noneHint}</p>
            </EmptyState>
          ) : (
            <section class="card" aria-label={say.title}>
              <p class="quiet">{accountWords.quarantineHint}</p>
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
