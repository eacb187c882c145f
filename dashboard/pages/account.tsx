/** The page of one account: its settings, its current run, its past runs, and its quarantine. */
import { useComputed, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { get } from '../client.ts'
import { AccountEditor } from '../components/account-editor.tsx'
import { FailureNote } from '../components/failure.tsx'
import { Icon } from '../components/icon.tsx'
import { Missing } from '../components/missing.tsx'
import { NextRun } from '../components/next-run.tsx'
import { Page, Section } from '../components/page.tsx'
import { SignInPanel } from '../components/sign-in/panel.tsx'
import { RunProgress } from '../components/run-progress.tsx'
import { SendingHeld } from '../components/sending-held.tsx'
import { AccountBadge, Badge } from '../components/status-badge.tsx'
import { roughly } from '../intl.ts'
import { follow, liveRuns, onTold } from '../live.ts'
import { readSoon } from '../pace.ts'
import { useResource } from '../resource.ts'
import { accounts, learn } from '../roster.ts'
import type { PageProps } from '../router.ts'
import type { Account, List, QuarantineEntry, Run } from '../shapes.ts'
import { standingOf } from '../standing.ts'
import { words } from '../words/index.ts'
import { Actions } from './account/actions.tsx'
import { Facts } from './account/facts.tsx'
import { SendingIdentity } from './account/identity.tsx'
import { Quarantine } from './account/quarantine.tsx'
import { ReadThem } from './account/read-them.tsx'
import { Runs } from './account/runs.tsx'
import { Mend } from '../components/mend.tsx'

/** The roster keeps the account up to date from then on. */
async function learnFrom(path: string, signal: AbortSignal): Promise<void> {
  learn([await get<Account>(path, signal)])
}

async function runsAt(path: string, signal: AbortSignal, before?: List<Run>): Promise<List<Run>> {
  const list = await get<List<Run>>(path, signal)
  const [open] = list.items
  if (open !== undefined && open.finishedAt === null) follow(open)
  return before === undefined ? list : joined(list, before)
}

/** Runs that were shown already stay: somebody may have asked for older ones. */
function joined(list: List<Run>, before: List<Run>): List<Run> {
  const last = before.items.findIndex(({ id }) => id === list.items.at(-1)?.id)
  return last === -1 ? list : { items: [...list.items, ...before.items.slice(last + 1)], next: before.next }
}

/** @param ended oldest first. */
function withRuns({ items, next }: List<Run>, ended: readonly Run[]): List<Run> {
  const others = items.filter(({ id }) => !ended.some((run) => run.id === id))
  return { items: [...ended.toReversed(), ...others], next }
}

/** What the last run has left to the next one. */
function More({ account, left }: { readonly account: Account; readonly left: number | null }) {
  const { account: say, run } = words.value
  return (
    <Section title={say.moreTitle}>
      <p>{say.moreHint}</p>
      <p class="facts-line">
        <span>
          {say.next}: <NextRun account={account} />
        </span>
        {left !== null && left > 0 && <span>{run.left(roughly(left * 1000))}</span>}
      </p>
    </Section>
  )
}

export default function AccountPage({ params: { id = '' } }: PageProps) {
  const { account: say, accounts: listWords, overview } = words.value
  const asked = useResource(`/accounts/${id}`, learnFrom)
  const runs = useResource(`/accounts/${id}/runs?limit=20`, runsAt)
  const quarantine = useResource<List<QuarantineEntry>>(`/accounts/${id}/quarantine?limit=100`)
  // Somebody else may have let go of a message.
  useEffect(
    () =>
      onTold('account', (told) => {
        const { value: list } = quarantine.now
        const isShown = list.state === 'ready' && list.value.items.length > 0
        if (isShown && told.some((one) => one.id === id)) readSoon(quarantine.again)
      }),
    [id, quarantine],
  )
  useEffect(
    () =>
      onTold('run', (told) => {
        const ended = told.filter(({ accountId, finishedAt }) => accountId === id && finishedAt !== null)
        const [{ value: list }, { value: kept }] = [runs.now, quarantine.now]
        if (ended.length === 0) return
        if (list.state === 'ready') runs.set(withRuns(list.value, ended))
        const isEmpty = kept.state === 'ready' && kept.value.items.length === 0
        if (!isEmpty || ended.some(({ quarantined }) => quarantined > 0)) readSoon(quarantine.again)
      }),
    [id, runs, quarantine],
  )
  const { value: account } = useComputed(() => accounts.value.get(id))
  const checkedAt = account?.lastCheckedAt ?? null
  useEffect(() => {
    const { value: list } = runs.now
    // A visit that found nothing to do is no event.
    if (
      checkedAt !== null &&
      list.state === 'ready' &&
      !list.value.items.some(({ finishedAt }) => finishedAt === checkedAt)
    )
      readSoon(runs.again)
  }, [checkedAt, runs])
  const { value: live } = useComputed(() => liveRuns.value.get(id))
  const editing = useSignal(false)
  const edit = () => {
    editing.value = true
  }
  const back = { to: '/accounts', name: listWords.title }
  if (account === undefined) return <Missing of={asked} title={listWords.account} back={back} say={say} />
  const { address, status, lastRun } = account
  const troubled = status === 'needs attention' || status === 'failing'
  const isPersons = account.needsPerson || status === 'needs attention'
  return (
    <Page
      title={address}
      back={back}
      lead={
        <>
          <AccountBadge account={account} />
          {account.quarantined > 0 && standingOf(account) !== 'set aside' && (
            <Badge tone="warning" icon="aside">
              {listWords.setAside(account.quarantined)}
            </Badge>
          )}
        </>
      }
      actions={<Actions account={account} isRunning={live?.run.state === 'running'} onEdit={edit} />}
    >
      <div class="columns">
        <div class="columns-main">
          {troubled && lastRun?.failure && (
            <FailureNote failure={lastRun.failure} tone={isPersons ? 'bad' : 'warning'}>
              <Mend account={account} failure={lastRun.failure} />
            </FailureNote>
          )}
          <SendingHeld account={account} />
          {account.oauth !== null && (
            <SignInPanel
              path={`/accounts/${id}`}
              name={address}
              oauth={account.oauth}
              onChanged={() => asked.reload()}
            />
          )}
          {account.twinOf !== null && (
            <div class="callout warning">
              <Icon name="warning" />
              <p>
                {say.twin} <a href={`/accounts/${account.twinOf}`}>{say.twinFirst}</a>
              </p>
            </div>
          )}
          {live !== undefined && (
            <Section title={lastRun === null ? say.firstImport : overview.runsNow}>
              <RunProgress live={live} address={address} />
              {lastRun === null && <p class="quiet">{say.firstImportHint}</p>}
            </Section>
          )}
          {live === undefined && <ReadThem account={account} />}
          {live === undefined && lastRun?.more && <More account={account} left={lastRun.secondsLeft} />}
          <Quarantine of={quarantine} account={account} />
          <Runs accountId={id} of={runs} isRunning={live !== undefined} isPaused={account.paused} />
        </div>
        <div class="columns-side">
          <SendingIdentity account={account} />
          <Facts account={account} />
        </div>
      </div>
      {editing.value && (
        <AccountEditor
          account={account}
          onClose={() => {
            editing.value = false
          }}
        />
      )}
    </Page>
  )
}
