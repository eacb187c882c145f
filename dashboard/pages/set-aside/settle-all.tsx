/** Tries all messages again that a list of those set aside is of, or lets go of them: counts them first, asks, and says how far it is. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { call, get, isAborted, problemOf } from '../../client.ts'
import { Button } from '../../components/button.tsx'
import { Dialog, DialogButton } from '../../components/dialog.tsx'
import { ProgressBar } from '../../components/progress-bar.tsx'
import { sentenceOf } from '../../components/states.tsx'
import { attempt, tell } from '../../components/toast.tsx'
import type { AsideFilters, QuarantineCount, SettledQuarantine } from '../../shapes.ts'
import { words } from '../../words/index.ts'

type Deed = 'retry' | 'dismiss'

export function SettleAll({
  wanted,
  mayRetry,
  onDone,
}: {
  readonly wanted: AsideFilters
  readonly mayRetry: boolean
  readonly onDone: () => void
}) {
  const { aside: say } = words.value
  const dialog = (deed: Deed) => (close: () => void) => (
    <Settle deed={deed} wanted={wanted} onDone={onDone} onClose={close} />
  )
  return (
    <div class="settle-all">
      {mayRetry && (
        <DialogButton icon="refresh" dialog={dialog('retry')}>
          {say.retryAll}
        </DialogButton>
      )}
      <DialogButton dialog={dialog('dismiss')}>{say.dismissAll}</DialogButton>
    </div>
  )
}

/** What is set aside later than it was counted is left alone. */
interface Counted {
  readonly messages: number
  readonly at: string
}

function Settle({
  deed,
  wanted,
  onDone,
  onClose,
}: {
  readonly deed: Deed
  readonly wanted: AsideFilters
  readonly onDone: () => void
  readonly onClose: () => void
}) {
  const { aside: say, common } = words.value
  const counted = useSignal<Counted | undefined>(undefined)
  const settled = useSignal<number | undefined>(undefined)
  useEffect(() => {
    const left = new AbortController()
    countOf(wanted, left.signal).then(
      (count) => {
        counted.value = count
      },
      (error: unknown) => {
        if (isAborted(error)) return
        tell(sentenceOf(problemOf(error)), 'bad')
        onClose()
      },
    )
    return () => left.abort()
  }, [])
  const { value: count } = counted
  const all = async () => {
    if (count === undefined) return
    settled.value = 0
    await attempt(async () => {
      const { messages, left } = await settle(deed, { ...wanted, firstSeenBefore: count.at }, (done) => {
        settled.value = done
      })
      if (messages > 0 || left === 0) tell(deed === 'retry' ? say.retriedAll(messages) : say.dismissedAll(messages))
      if (left > 0) tell(say.leftAside(left))
    })
    onDone()
    onClose()
  }
  const title = count && (deed === 'retry' ? say.retryAllTitle : say.dismissAllTitle)(count.messages)
  return (
    <Dialog
      title={title ?? say.counting}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{common.cancel}</Button>
          <Button
            kind="main"
            disabled={count === undefined || count.messages === 0}
            busy={settled.value !== undefined}
            onClick={() => void all()}
          >
            {deed === 'retry' ? say.retryAll : say.dismissAll}
          </Button>
        </>
      }
    >
      <p>{deed === 'retry' ? say.retryAllHint : say.dismissAllHint}</p>
      {count !== undefined && settled.value !== undefined && (
        <ProgressBar label={say.settling(settled.value, count.messages)} value={settled.value} max={count.messages} />
      )}
    </Dialog>
  )
}

async function countOf(wanted: AsideFilters, left: AbortSignal): Promise<Counted> {
  let messages = 0
  let at = ''
  for (let cursor: string | null = ''; cursor !== null; ) {
    const asked = new URLSearchParams({ ...wanted, ...(cursor === '' ? {} : { cursor }) })
    const counted: QuarantineCount = await get(`/quarantine/count?${asked.toString()}`, left)
    if (at === '') at = counted.countedAt
    messages += counted.messages
    cursor = counted.next
  }
  return { messages, at }
}

async function settle(
  deed: Deed,
  wanted: AsideFilters & { readonly firstSeenBefore: string },
  onSettled: (done: number) => void,
): Promise<Pick<SettledQuarantine, 'messages' | 'left'>> {
  let messages = 0
  let left = 0
  for (let cursor: string | null = ''; cursor !== null; ) {
    const body = { ...wanted, ...(cursor === '' ? {} : { cursor }) }
    const settled: SettledQuarantine = await call('POST', `/quarantine/${deed}`, body)
    messages += settled.messages
    left += settled.left
    cursor = settled.next
    onSettled(messages + left)
  }
  return { messages, left }
}
