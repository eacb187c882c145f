/** Lets somebody choose the mailbox to read. If there is only one, it is opened. */
import { useEffect } from 'preact/hooks'
import { everyOne } from '../client.ts'
import { destinationName } from '../components/new-mailbox.tsx'
import { Page } from '../components/page.tsx'
import { EmptyState, Loaded, Skeleton } from '../components/states.tsx'
import { useResource } from '../resource.ts'
import { navigate } from '../router.ts'
import type { Destination } from '../shapes.ts'
import { words } from '../words/index.ts'
import { inboxOf } from './mailbox/place.ts'

export default function Mail() {
  const { mail: say, destinations: boxes } = words.value
  const destinations = useResource('/destinations', everyOne<Destination>)
  const { value: loaded } = destinations.now
  const only = loaded.state === 'ready' && loaded.value.length === 1 ? loaded.value[0]?.id : undefined
  useEffect(() => {
    if (only !== undefined) navigate(inboxOf(only), 'replace')
  }, [only])
  if (only !== undefined) return <Skeleton lines={8} />
  return (
    <Page title={say.title} lead={say.choose}>
      <Loaded of={destinations} lines={6}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState icon="destination" title={boxes.none}>
              <p>{boxes.noneHint}</p>
            </EmptyState>
          ) : (
            <section class="card">
              <ul class="rows">
                {all.map((destination) => (
                  <li key={destination.id}>
                    <div class="rows-name">
                      <a href={inboxOf(destination.id)}>{destinationName(destination)}</a>
                    </div>
                    <span class="quiet">{boxes.kinds[destination.kind]}</span>
                  </li>
                ))}
              </ul>
            </section>
          )
        }
      </Loaded>
    </Page>
  )
}
