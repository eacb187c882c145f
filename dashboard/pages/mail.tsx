/** Lets somebody choose the mailbox to read. If there is only one, it is opened. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { everyOne } from '../client.ts'
import { DialogButton } from '../components/dialog.tsx'
import { destinationName } from '../components/new-mailbox.tsx'
import { Page } from '../components/page.tsx'
import { EmptyState, Loaded, Skeleton } from '../components/states.tsx'
import { useResource } from '../resource.ts'
import { navigate } from '../router.ts'
import { may, ownerOf } from '../session.ts'
import type { Destination, Folders } from '../shapes.ts'
import { words } from '../words/index.ts'
import { NewDestination } from './destination/new-destination.tsx'
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
              {may('admin') && ownerOf() === null && (
                <DialogButton kind="main" dialog={(close) => <NewDestination onClose={close} />}>
                  {boxes.add}
                </DialogButton>
              )}
            </EmptyState>
          ) : (
            <section class="card">
              <ul class="rows">
                {all.map((destination) => (
                  <li key={destination.id}>
                    <div class="rows-name">
                      <a href={inboxOf(destination.id)}>{destinationName(destination)}</a>
                    </div>
                    <Counts of={destination.id} />
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

/** How much there is to read in a mailbox; it is asked for once its row is in sight. */
function Counts({ of: id }: { readonly of: string }) {
  const isSeen = useSignal(false)
  const place = useRef<HTMLSpanElement>(null)
  useEffect(() => {
    const seen = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting !== true) return
      isSeen.value = true
      seen.disconnect()
    })
    if (place.current !== null) seen.observe(place.current)
    return () => seen.disconnect()
  }, [])
  return (
    <span ref={place} class="mail-counts">
      {isSeen.value && <Counted id={id} />}
    </span>
  )
}

/** What is unread there is not meant to be read. */
const unread = ({ use }: Folders['items'][number]) => use !== 'junk' && use !== 'trash'

function Counted({ id }: { readonly id: string }) {
  const { mail: say } = words.value
  const { value: loaded } = useResource<Folders>(`/destinations/${id}/folders`).now
  if (loaded.state === 'loading') return null
  if (loaded.state === 'failed') return <span class="quiet">{say.cannotTell}</span>
  const { items } = loaded.value
  const unseen = items.filter(unread).reduce((sum, folder) => sum + folder.unseen, 0)
  return (
    <>
      {unseen > 0 && <strong>{say.unreadOf(unseen)}</strong>}
      <span class="quiet">{say.count(items.reduce((sum, { messages }) => sum + messages, 0))}</span>
    </>
  )
}
