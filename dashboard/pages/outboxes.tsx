/** Lets somebody choose the mailbox whose outbox is shown. If there is only one, it is opened. */
import { useEffect } from 'preact/hooks'
import { everyOne } from '../client.ts'
import { destinationName } from '../components/new-mailbox.tsx'
import { Page } from '../components/page.tsx'
import { Loaded, Skeleton } from '../components/states.tsx'
import { Badge } from '../components/status-badge.tsx'
import { useResource } from '../resource.ts'
import { navigate } from '../router.ts'
import type { Destination } from '../shapes.ts'
import { waiting } from '../trouble-mark.ts'
import { sending, useSendingWords } from '../words/sending.ts'

const waits = ({ id }: Destination) => waiting.value.destinations.includes(id)
const outboxOf = ({ id }: Destination) => `/mail/${id}/outbox`

export default function Outboxes() {
  const hasWords = useSendingWords()
  const destinations = useResource('/destinations', everyOne<Destination>)
  const { value: loaded } = destinations.now
  const only = loaded.state === 'ready' && loaded.value.length === 1 ? loaded.value[0] : undefined
  useEffect(() => {
    if (only !== undefined) navigate(outboxOf(only), 'replace')
  }, [only])
  if (!hasWords || only !== undefined) return <Skeleton lines={6} />
  const { outbox: say } = sending.value
  return (
    <Page title={say.title} lead={say.choose}>
      <Loaded of={destinations} lines={6}>
        {(all) => (
          <section class="card">
            <ul class="rows">
              {[...all]
                .sort((a, b) => Number(waits(b)) - Number(waits(a)))
                .map((destination) => (
                  <li key={destination.id}>
                    <div class="rows-name">
                      <a href={outboxOf(destination)}>{destinationName(destination)}</a>
                    </div>
                    {waits(destination) && (
                      <Badge tone="warning" icon="warning">
                        {say.waits}
                      </Badge>
                    )}
                  </li>
                ))}
            </ul>
          </section>
        )}
      </Loaded>
    </Page>
  )
}
