/** Shows the deliveries of a webhook and its answers, and sends one again. */
import { useEffect } from 'preact/hooks'
import { call } from '../../client.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { Loaded } from '../../components/states.tsx'
import { Badge } from '../../components/status-badge.tsx'
import { attempt } from '../../components/toast.tsx'
import { useResource } from '../../resource.ts'
import { may } from '../../session.ts'
import type { Delivery, List, News } from '../../shapes.ts'
import { settings } from '../../words/settings.ts'

/** A delivery that is about to be tried is read again, because deliveries have no events. */
const lookAgainMs = 1000
const aboutNowMs = 10_000

export function Deliveries({
  webhookId,
  name,
  onClose,
}: {
  readonly webhookId: string
  readonly name: string
  readonly onClose: () => void
}) {
  const { value: say } = settings
  // The API keeps no more of the deliveries that have ended.
  const deliveries = useResource<List<Delivery>>(`/webhooks/${webhookId}/deliveries?limit=100`)
  const { value: loaded } = deliveries.now
  useEffect(() => {
    if (loaded.state !== 'ready' || !loaded.value.items.some(isTriedNow)) return
    const timer = window.setTimeout(() => deliveries.reload(), lookAgainMs)
    return () => window.clearTimeout(timer)
  }, [loaded, deliveries])
  const replay = async ({ id }: Delivery) => {
    await attempt(async () => await call('POST', `/webhooks/${webhookId}/deliveries/${id}/replay`), say.replayed)
    deliveries.reload()
  }
  return (
    <Dialog title={say.deliveriesOf(name)} onClose={onClose}>
      <Loaded of={deliveries}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="quiet">{say.noDeliveries}</p>
          ) : (
            <ul class="rows">
              {items.map((delivery) => (
                <DeliveryRow key={delivery.id} delivery={delivery} onReplay={() => void replay(delivery)} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Dialog>
  )
}

function isTriedNow({ nextAttemptAt }: Delivery): boolean {
  return nextAttemptAt !== null && Math.abs(Date.parse(nextAttemptAt) - Date.now()) < aboutNowMs
}

const looks = { waiting: ['calm', 'clock'], delivered: ['good', 'check'], failed: ['warning', 'warning'] } as const

function DeliveryRow({
  delivery: { type, timestamp, state, attempts, lastAttemptAt, nextAttemptAt, answer },
  onReplay,
}: {
  readonly delivery: Delivery
  readonly onReplay: () => void
}) {
  const { value: say } = settings
  const [tone, icon] = looks[state]
  return (
    <li class="delivery">
      <div class="rows-name">
        <p class="delivery-of">
          <b>{type in say.news ? say.news[type as News] : say.aTest}</b>
          <Badge tone={tone} icon={icon}>
            {say.deliveryStates[state]}
          </Badge>
        </p>
        <p class="facts-line">
          <RelativeTime at={timestamp} />
          <span>{say.attempts(attempts)}</span>
          {attempts > 1 && lastAttemptAt !== null && (
            <span>
              {say.lastAttempt} <RelativeTime at={lastAttemptAt} />
            </span>
          )}
          {nextAttemptAt !== null && (
            <span>
              {say.nextAttempt} <RelativeTime at={nextAttemptAt} />
            </span>
          )}
        </p>
        {answer !== null && (
          <p class="quiet">
            {answer.status === null ? say.noAnswer : say.answered(answer.status)}
            {answer.text !== '' && (
              <>
                {' '}
                <code>{answer.text}</code>
              </>
            )}
          </p>
        )}
      </div>
      {may('operate') && state !== 'waiting' && (
        <Button icon="refresh" onClick={onReplay}>
          {say.replay}
        </Button>
      )}
    </li>
  )
}
