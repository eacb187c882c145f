/** One message that was sent: where it is, for whom it has arrived, what came back, and what can be done. */
import { useSignal } from '@preact/signals'
import { call } from '../../client.ts'
import { Button } from '../../components/button.tsx'
import { Confirm } from '../../components/dialog.tsx'
import { Icon, type IconName } from '../../components/icon.tsx'
import { attempt } from '../../components/toast.tsx'
import { brief, exact, list, moment, nowMs } from '../../intl.ts'
import { may } from '../../session.ts'
import type { Outgoing, OutgoingState } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { sending } from '../../words/sending.ts'

const looks: Readonly<Record<OutgoingState, { readonly icon: IconName; readonly tone: string }>> = {
  queued: { icon: 'clock', tone: '' },
  sending: { icon: 'busy', tone: '' },
  accepted: { icon: 'check', tone: 'good' },
  deferred: { icon: 'clock', tone: 'warning' },
  rejected: { icon: 'stop', tone: 'bad' },
  unknown: { icon: 'warning', tone: 'warning' },
  cancelled: { icon: 'close', tone: '' },
}

/** So many addresses are named. */
const namedMax = 3

export function OutgoingLetter({ of: letter, onChange }: { readonly of: Outgoing; readonly onChange: () => void }) {
  const { outbox: say } = sending.value
  const { subject, recipients, sendAt, identity, createdAt } = letter
  const named = recipients.slice(0, namedMax).map(({ address }) => address)
  const rest = recipients.length - named.length
  return (
    <li class="outgoing">
      <div class="outgoing-head">
        <h2>{subject || words.value.account.noSubject}</h2>
        <time class="quiet" dateTime={createdAt} title={exact(sendAt)}>
          {brief(createdAt)}
        </time>
      </div>
      <p class="quiet outgoing-who">
        {say.to(list(rest > 0 ? [...named, say.more(rest)] : named))} · {say.as(identity)}
      </p>
      <WhereItIs of={letter} onChange={onChange} />
    </li>
  )
}

/** The state of a message with its reasons, as it also stands with the message itself. */
export function WhereItIs({ of: letter, onChange }: { readonly of: Outgoing; readonly onChange: () => void }) {
  const { outbox: say } = sending.value
  const { state, recipients, accountId, failure } = letter
  const came = letter.bounces.length > 0
  const { icon, tone } = came ? looks.rejected : looks[state]
  const differ = new Set(recipients.map((one) => one.state)).size > 1
  const advice = adviceOf(letter)
  return (
    <div class="outgoing-where">
      <p>
        <span class={`badge ${tone}`}>
          <Icon name={icon} />
          {say.states[state]}
        </span>{' '}
        {sentenceOf(letter)}
      </p>
      {advice !== '' && <p>{advice}</p>}
      {failure !== null && failure.reply !== null && recipients.every(({ reply }) => reply === null) && (
        <p class="callout-said" lang="en">
          {failure.reply}
        </p>
      )}
      <Answers of={letter} differ={differ} />
      {letter.bounces.map((bounce, nth) => (
        <div key={nth} class="outgoing-bounce">
          <p>
            <Icon name="warning" /> {bounce.address === null ? say.bouncedAll : say.bounced(bounce.address)}
          </p>
          <p class="callout-said" lang="en">
            {[bounce.status, bounce.diagnostic].filter((part) => part !== null).join(' ')}
          </p>
          {bounce.folder !== null && bounce.uid !== null && (
            <a
              href={`/mail/${letter.destinationId}?${new URLSearchParams({ folder: bounce.folder, uid: String(bounce.uid) }).toString()}`}
            >
              {say.showBounce}
            </a>
          )}
        </div>
      ))}
      <Deeds of={letter} onChange={onChange} accountId={accountId} />
    </div>
  )
}

function Answers({ of: { recipients }, differ }: { readonly of: Outgoing; readonly differ: boolean }) {
  const { outbox: say } = sending.value
  const told = recipients.filter(({ state, reply }) => differ || (reply !== null && state !== 'accepted'))
  if (told.length === 0) return null
  return (
    <ul class="outgoing-answers" aria-label={say.recipients}>
      {told.map(({ address, state, reply }) => (
        <li key={address}>
          {recipients.length > 1 && (
            <span class="outgoing-address">
              {state === 'rejected' ? say.refusedBy(address) : `${address}: ${say.states[state]}`}
            </span>
          )}
          {reply !== null && state !== 'accepted' && (
            <span class="callout-said" lang="en">
              {reply}
            </span>
          )}
        </li>
      ))}
    </ul>
  )
}

function sentenceOf({ state, sendAt, nextAttemptAt, recipients, failure }: Outgoing): string {
  const { outbox: say } = sending.value
  switch (state) {
    case 'queued': {
      const atMs = Date.parse(nextAttemptAt ?? sendAt)
      return atMs > nowMs.value + 30_000 ? say.goesOut(moment(atMs)) : say.goesOutSoon
    }
    case 'sending':
      return say.underWay
    case 'accepted':
      return recipients.every((one) => one.state === 'accepted') ? say.arrived : say.arrivedPartly
    case 'deferred':
      return nextAttemptAt === null ? '' : say.againAt(moment(nextAttemptAt))
    case 'rejected':
      return recipients.some((one) => one.state === 'accepted') ? say.arrivedPartly : ''
    case 'unknown':
      return failure?.kind === 'restored' ? say.restored : say.doubt
    case 'cancelled':
      return say.calledBack
  }
}

function adviceOf({ state, failure }: Outgoing): string {
  const { outbox: say } = sending.value
  if (state === 'unknown') return say.doubtStep
  if (failure === null || !['deferred', 'rejected'].includes(state)) return ''
  const known: Readonly<Record<string, string>> = say.failures
  return known[failure.kind] ?? say.otherFailure
}

function Deeds({
  of: { id, state, failure },
  accountId,
  onChange,
}: {
  readonly of: Outgoing
  readonly accountId: string
  readonly onChange: () => void
}) {
  const { outbox: say } = sending.value
  const asks = useSignal(false)
  const isBusy = useSignal(false)
  const act = async (what: 'cancel' | 'retry', done: string) => {
    isBusy.value = true
    await attempt(
      async () => await call('POST', `/outbox/${id}/${what === 'cancel' ? 'cancel?draft=true' : what}`),
      done,
    )
    isBusy.value = false
    onChange()
  }
  const isOfServer = failure !== null && !(failure.kind in say.failures)
  const canCancel = may('operate') && (state === 'queued' || state === 'deferred')
  const canRetry = may('operate') && state === 'deferred'
  const canResend = may('operate') && state === 'unknown'
  if (!canCancel && !canRetry && !canResend && !isOfServer) return null
  return (
    <div class="outgoing-do">
      {canRetry && (
        <Button icon="refresh" busy={isBusy.value} onClick={() => void act('retry', say.retried)}>
          {say.retry}
        </Button>
      )}
      {canResend && (
        <Button
          icon="refresh"
          busy={isBusy.value}
          onClick={() => {
            asks.value = true
          }}
        >
          {say.resend}
        </Button>
      )}
      {canCancel && (
        <Button icon="close" busy={isBusy.value} onClick={() => void act('cancel', say.calledBackNow)}>
          {say.cancel}
        </Button>
      )}
      {isOfServer && <a href={`/accounts/${accountId}`}>{say.toAccount}</a>}
      {asks.value && (
        <Confirm
          title={say.resendTitle}
          action={say.resend}
          onConfirm={() => void act('retry', say.retried)}
          onClose={() => {
            asks.value = false
          }}
        >
          <p>{say.resendHint}</p>
        </Confirm>
      )}
    </div>
  )
}
