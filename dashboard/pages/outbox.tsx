/** What a mailbox has sent and is about to send: where each message is, and what can be done about it. */
import { useEffect } from 'preact/hooks'
import { More } from '../components/more.tsx'
import { Page } from '../components/page.tsx'
import { EmptyState, Loaded, Skeleton } from '../components/states.tsx'
import { onTold } from '../live.ts'
import { readSoon } from '../pace.ts'
import { useResource } from '../resource.ts'
import type { PageProps } from '../router.ts'
import type { List, Outgoing } from '../shapes.ts'
import { words } from '../words/index.ts'
import { sending, useSendingWords } from '../words/sending.ts'
import { inboxOf } from './mailbox/place.ts'
import { OutgoingLetter } from './outbox/outgoing.tsx'

export default function Outbox({ params: { destination = '' } }: PageProps) {
  const hasWords = useSendingWords()
  return hasWords ? <OutboxOf destination={destination} /> : <Skeleton lines={6} />
}

function OutboxOf({ destination }: { readonly destination: string }) {
  const { outbox: say } = sending.value
  const letters = useResource<List<Outgoing>>(`/destinations/${destination}/outbox?limit=50`)
  const { again } = letters
  useEffect(
    () =>
      onTold('outbox', (told) => {
        if (told.some((one) => one.destinationId === destination)) readSoon(again)
      }),
    [destination, again],
  )
  return (
    <Page title={say.title} lead={say.lead} back={{ to: inboxOf(destination), name: words.value.mail.title }}>
      <Loaded of={letters} lines={6}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState icon="sent" title={say.none}>
              <p>{say.noneHint}</p>
            </EmptyState>
          ) : (
            <>
              <ul class="outgoings">
                {items.map((letter) => (
                  <OutgoingLetter key={letter.id} of={letter} onChange={() => letters.reload()} />
                ))}
              </ul>
              <More of={letters} />
            </>
          )
        }
      </Loaded>
    </Page>
  )
}
