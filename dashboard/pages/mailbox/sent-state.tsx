/** What became of a message in Sent. Its code is loaded with the first such message. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

type Shown = typeof import('../outbox/of-message.tsx').default

export function SentState({ destination, messageId }: { readonly destination: string; readonly messageId: string }) {
  const shown = useSignal<{ readonly Part: Shown } | undefined>(undefined)
  useEffect(() => {
    // Without it the message is read as well.
    void import('../outbox/of-message.tsx').then(
      (loaded) => {
        shown.value = { Part: loaded.default }
      },
      () => {},
    )
  }, [])
  const { value: there } = shown
  return there === undefined ? null : <there.Part destination={destination} messageId={messageId} />
}
