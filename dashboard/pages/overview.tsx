/** The overview answers within five seconds whether mail flows, and says what to do if it does not. */
import { useEffect } from 'preact/hooks'
import { Page } from '../components/page.tsx'
import { Loaded } from '../components/states.tsx'
import { onTold } from '../live.ts'
import { readSoon } from '../pace.ts'
import { useResource } from '../resource.ts'
import { navigate } from '../router.ts'
import type { Account, FailingGroups, List, Stats } from '../shapes.ts'
import { words } from '../words/index.ts'
import { ByStatus } from './overview/by-status.tsx'
import { isTrouble, runsAt, shows, someOf } from './overview/glance.ts'
import { Mail } from './overview/mail.tsx'
import { Parts } from './overview/parts.tsx'
import { RunsNow } from './overview/runs-now.tsx'
import { Troubled } from './overview/troubled.tsx'
import { Verdict } from './overview/verdict.tsx'

/** How often the figures are read again; they are also read soon after a run has ended. */
const askedEveryMs = 30_000
const askedAfterMs = 2000

export default function Overview() {
  const stats = useResource<Stats>('/stats')
  const needing = useResource<List<Account>>(someOf('needsPerson=true'))
  const groups = useResource<FailingGroups>('/stats/failing')
  const failing = useResource<List<Account>>(someOf('status=failing'))
  const running = useResource('/accounts', runsAt)
  useEffect(() => {
    const timer = window.setInterval(() => {
      for (const { again } of [stats, groups, needing, failing]) readSoon(again)
    }, askedEveryMs)
    let soon: number | undefined
    const unsubscribe = onTold('account', (told) => {
      soon ??= window.setTimeout(() => {
        soon = undefined
        for (const { again } of [stats, groups]) readSoon(again)
      }, askedAfterMs)
      for (const list of [needing, failing])
        if (told.some(({ id, status }) => isTrouble(status) || shows(list, id))) readSoon(list.again)
    })
    return () => {
      window.clearInterval(timer)
      window.clearTimeout(soon)
      unsubscribe()
    }
  }, [stats, groups, needing, failing])

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
              <Troubled needing={needing} failing={failing} groups={groups} stats={value} />
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
