/** Whether mail may go out as an account's address: what is known of it, and how it comes to be known. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { call } from '../../client.ts'
import { Button } from '../../components/button.tsx'
import { Icon, type IconName } from '../../components/icon.tsx'
import { Section } from '../../components/page.tsx'
import { SendingSeen } from '../../components/sending-seen.tsx'
import { attempt } from '../../components/toast.tsx'
import { moment, nowMs, relative } from '../../intl.ts'
import { onTold } from '../../live.ts'
import { readSoon } from '../../pace.ts'
import { useResource } from '../../resource.ts'
import { may } from '../../session.ts'
import type { Account, AddressVerification, Identities, Identity } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { sending, useSendingWords } from '../../words/sending.ts'

/** A provider delivers in seconds, or has put the mail elsewhere. */
const awaitedMs = 3_600_000
/** The API asks for a visit when the mail has gone; a provider may need a little longer than that. */
const visitedAgainAfterMs = [5_000, 20_000, 60_000]

export function SendingIdentity({ account }: { readonly account: Account }) {
  const hasWords = useSendingWords()
  return hasWords && account.smtp !== false ? <IdentityOf account={account} /> : null
}

function IdentityOf({ account: { id, address, destinationId, smtp } }: { readonly account: Account }) {
  const { identity: say } = sending.value
  const identities = useResource<Identities>(`/destinations/${destinationId}/identities`)
  const failed = useSignal<AddressVerification | undefined>(undefined)
  const isBusy = useSignal(false)
  const { again } = identities
  useEffect(() => {
    const ends = [
      onTold('run', (told) => {
        if (told.some(({ accountId, finishedAt }) => accountId === id && finishedAt !== null)) readSoon(again)
      }),
      onTold('account', (told) => {
        if (told.some((one) => one.id === id)) readSoon(again)
      }),
    ]
    return () => ends.forEach((end) => end())
  }, [id, again])
  // Somebody may have given it another server.
  useEffect(() => readSoon(again), [again, smtp])
  const { value: loaded } = identities.now
  const items = loaded.state === 'ready' ? loaded.value.items : []
  const own = items.find(({ accountId }) => accountId === id)
  const testedMs = own?.state === 'unverified' && own.testedAt !== null ? Date.parse(own.testedAt) : undefined
  const isAwaited = testedMs !== undefined && testedMs > nowMs.value - awaitedMs
  useEffect(() => {
    if (!isAwaited || !may('operate')) return
    const look = () => void call('POST', `/accounts/${id}/pull`).catch(() => {})
    const timers = visitedAgainAfterMs
      .filter((ms) => testedMs + ms > Date.now())
      .map((ms) => window.setTimeout(look, testedMs + ms - Date.now()))
    return () => timers.forEach((timer) => window.clearTimeout(timer))
  }, [id, isAwaited, testedMs])
  if (loaded.state !== 'ready') return null
  const others = items.filter((one) => one.accountId !== id && one.address.toLowerCase() === address.toLowerCase())
  const verify = async () => {
    isBusy.value = true
    failed.value = undefined
    await attempt(async () => {
      const answer = await call<AddressVerification>('POST', `/accounts/${id}/smtp/verify`)
      if (!answer.ok && answer.state !== 'refused') failed.value = answer
    })
    await again()
    isBusy.value = false
  }
  return (
    <Section title={say.title} aside={<a href="/answering">{sending.value.help.link}</a>}>
      <div class="identity" role="status">
        <Standing of={own} isAwaited={isAwaited} />
      </div>
      {others[0] !== undefined && own !== undefined && (
        <p class="identity-shared">
          <Icon name="warning" />
          <span>
            {own.default ? say.byThis(address) : say.byOther(address)}{' '}
            <a href={`/accounts/${(others.find((one) => one.default) ?? others[0]).accountId}`}>{say.other}</a>
          </span>
        </p>
      )}
      {failed.value !== undefined && <SendingSeen seen={failed.value} />}
      {may('operate') && (
        <div class="form-do">
          <Button busy={isBusy.value} onClick={() => void verify()}>
            {own === undefined || (own.state === 'unverified' && own.testedAt === null) ? say.verify : say.again}
          </Button>
        </div>
      )}
    </Section>
  )
}

function Standing({ of: own, isAwaited }: { readonly of: Identity | undefined; readonly isAwaited: boolean }) {
  const { identity: say } = sending.value
  if (own === undefined) return <Line icon="clock" tone="" text={say.unknown} />
  const { state, testedAt, reason } = own
  if (state === 'verified')
    return <Line icon="check" tone="good" text={say.verified(testedAt === null ? '' : moment(testedAt))} />
  if (state === 'refused')
    return (
      <>
        <Line icon="stop" tone="bad" text={say.refused} />
        {reason !== null && (
          <p class="callout-said" lang="en">
            {reason}
          </p>
        )}
        <p>{words.value.sending.steps['own address']}</p>
      </>
    )
  if (testedAt === null) return <Line icon="clock" tone="" text={say.unverified} />
  return isAwaited ? (
    <Line icon="busy" tone="" text={say.underWay(relative(testedAt, nowMs.value))} />
  ) : (
    <Line icon="warning" tone="warning" text={say.late(moment(testedAt))} />
  )
}

function Line({ icon, tone, text }: { readonly icon: IconName; readonly tone: string; readonly text: string }) {
  return (
    <p class={`identity-line ${tone}`}>
      <Icon name={icon} />
      <span>{text}</span>
    </p>
  )
}
