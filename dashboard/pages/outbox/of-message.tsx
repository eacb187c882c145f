/** What became of a message that lies in Sent: it stands with the message. */
import { useEffect } from 'preact/hooks'
import { onTold } from '../../live.ts'
import { readSoon } from '../../pace.ts'
import { useResource } from '../../resource.ts'
import type { List, Message, Outgoing } from '../../shapes.ts'
import { sending, useSendingWords } from '../../words/sending.ts'
import { WhereItIs } from './outgoing.tsx'

export default function OutboxOfMessage({
  destination,
  messageId,
}: {
  readonly destination: string
  readonly messageId: NonNullable<Message['messageId']>
}) {
  const hasWords = useSendingWords()
  const letters = useResource<List<Outgoing>>(
    `/destinations/${destination}/outbox?messageId=${encodeURIComponent(messageId)}`,
  )
  const { again } = letters
  useEffect(
    () =>
      onTold('outbox', (told) => {
        if (told.some((one) => one.destinationId === destination)) readSoon(again)
      }),
    [destination, again],
  )
  const { value: loaded } = letters.now
  const found = loaded.state === 'ready' ? loaded.value.items[0] : undefined
  if (!hasWords || found === undefined) return null
  return (
    <section class="outgoing-of-message" aria-label={sending.value.outbox.inMail}>
      <WhereItIs of={found} onChange={() => letters.reload()} />
    </section>
  )
}
