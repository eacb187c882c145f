/** Shows a message that was set aside: why, from whom and about what, what happens next, and what can be done about it. */
import type { ComponentChildren } from 'preact'
import { call } from '../client.ts'
import { bytes, nowMs } from '../intl.ts'
import { learn } from '../roster.ts'
import { may } from '../session.ts'
import type { Account, QuarantineEntry } from '../shapes.ts'
import { words } from '../words/index.ts'
import { asideRemark } from '../words/remarks.ts'
import { Button } from './button.tsx'
import { Bytes } from './bytes.tsx'
import { RelativeTime } from './relative-time.tsx'
import { attempt } from './toast.tsx'

/** The most that an account may take (api/schemas/accounts.ts). */
const limitMax = 1_073_741_824

/** The limit by which a message of this size is taken: some more, for a listing may tell a little less than comes. */
export function limitFor(size: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(size)) - 1)
  return Math.min(limitMax, Math.ceil((size * 1.02) / unit) * unit)
}

export function SetAside({
  entry,
  accountId,
  limit,
  onDone,
  children,
}: {
  readonly entry: QuarantineEntry
  readonly accountId: string
  /** How large a message its account takes. */
  readonly limit: number
  readonly onDone: () => void
  readonly children?: ComponentChildren
}) {
  const { account: say, aside, asideRemarks, failures } = words.value
  const { overLimit, reason, subject, from, size } = entry
  const path = `/accounts/${accountId}/quarantine/${entry.id}`
  const act = async (verb: 'retry' | 'dismiss') => {
    const done = verb === 'retry' ? say.retried : say.dismissed
    if (await attempt(async () => await call('POST', `${path}/${verb}`), done)) onDone()
  }
  const raised = limitFor(size)
  const raise = async () => {
    const both = async () => {
      learn([await call<Account>('PATCH', `/accounts/${accountId}`, { maxMessageBytes: raised })])
      await call('POST', `${path}/retry`)
    }
    if (await attempt(both, aside.raised(bytes(raised)))) onDone()
  }
  const mayFit = overLimit && size <= limit
  return (
    <li class="set-aside">
      <div class="rows-name">
        {children}
        {subject !== null && (
          <p class="set-aside-about" dir="auto">
            {subject === '' ? say.noSubject : subject}
          </p>
        )}
        {from !== null && (
          <p class="quiet" dir="auto">
            {from}
          </p>
        )}
        <p class="set-aside-why">{overLimit ? aside.overLimit : failures[reason.kind].title}</p>
        <p class="quiet">
          {overLimit ? (
            mayFit ? (
              aside.fits(bytes(size), bytes(limit))
            ) : size > limitMax ? (
              aside.overAll(bytes(limitMax))
            ) : (
              aside.limit(bytes(size), bytes(limit))
            )
          ) : (
            <>
              {/* Without a code there are the API's words alone. */}
              {reason.remark === undefined ? (
                <span lang="en">{reason.message}</span>
              ) : (
                asideRemark(asideRemarks, reason.remark)
              )}{' '}
              {entry.passes && say.mayPass}
            </>
          )}
        </p>
        <p class="facts-line">
          {!overLimit && <Bytes octets={size} />}
          <span>{say.attempts(entry.attempts)}</span>
          <RelativeTime at={entry.firstSeenAt} />
          {mayFit ? <span>{say.againNextRun}</span> : <Again at={entry.nextAttemptAt} />}
        </p>
      </div>
      <div class="set-aside-do">
        {overLimit && !mayFit && size <= limitMax && may('admin') && (
          <Button icon="up" onClick={() => void raise()}>
            {aside.raise(bytes(raised))}
          </Button>
        )}
        {may('operate') && (
          <>
            {/* It would only be set aside again. */}
            {(!overLimit || mayFit) && (
              <Button icon="refresh" onClick={() => void act('retry')}>
                {say.retry}
              </Button>
            )}
            <Button onClick={() => void act('dismiss')}>{say.dismiss}</Button>
          </>
        )}
        <a class="button plain" href={`/api/v1${path}/message`} download={`${entry.id}.eml`}>
          {say.download}
        </a>
      </div>
    </li>
  )
}

/** Says when the message is tried again by itself. */
function Again({ at }: { readonly at: string | null }) {
  const { account: say } = words.value
  if (at === null) return <span>{say.onlyByHand}</span>
  // The time has come: the next run tries it.
  if (Date.parse(at) <= nowMs.value) return <span>{say.againNextRun}</span>
  return (
    <span>
      {say.again} <RelativeTime at={at} />
    </span>
  )
}
