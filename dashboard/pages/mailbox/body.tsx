/** Shows the text of a message, or its HTML as the API has sanitised it, in a frame that runs nothing and fetches nothing. */
import { useSignal } from '@preact/signals'
import { Button } from '../../components/button.tsx'
import { Segments } from '../../components/field.tsx'
import { Icon } from '../../components/icon.tsx'
import { EmptyState } from '../../components/states.tsx'
import type { Message } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { messagePath } from './place.ts'

export function Body({
  destination,
  message: { text, html, withheld, remote, truncated, incomplete },
}: {
  readonly destination: string
  readonly message: Message
}) {
  const { mail: say } = words.value
  const form = useSignal<'html' | 'text'>(html ? 'html' : 'text')
  const fetched = useSignal(false)
  const isHtml = form.value === 'html'
  if (!html && (text ?? '').trim() === '')
    return (
      <EmptyState icon="mail" title={withheld === null ? say.noText : say.withheld[withheld]}>
        <p>{incomplete ? say.incomplete : say.noTextHint}</p>
      </EmptyState>
    )
  return (
    <div class="message-body">
      {text !== null && html && (
        <Segments
          label={say.form}
          value={form.value}
          options={[
            { value: 'html', text: say.asHtml },
            { value: 'text', text: say.asText },
          ]}
          onChange={(value) => {
            form.value = value
          }}
        />
      )}
      {isHtml && remote && !fetched.value && (
        <div class="held-back">
          <Icon name="image" />
          <p>{say.heldBack}</p>
          <Button
            onClick={() => {
              fetched.value = true
            }}
          >
            {say.showRemote}
          </Button>
        </div>
      )}
      {withheld !== null && <p class="note">{say.withheld[withheld]}</p>}
      {incomplete && <p class="note">{say.incomplete}</p>}
      {truncated && <p class="note">{say.truncated}</p>}
      {isHtml ? (
        <iframe
          class="message-frame"
          title={say.frame}
          sandbox="allow-popups allow-popups-to-escape-sandbox"
          src={`/api/v1${messagePath(destination, '/html', fetched.value ? { remote: 'true' } : {})}`}
        />
      ) : (
        <Text text={text ?? ''} />
      )}
    </div>
  )
}

/** Returns the text with its links made clickable. */
function Text({ text }: { readonly text: string }) {
  return (
    <div class="message-text">
      {text.split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]}'])/).map((part, nth) =>
        nth % 2 === 0 ? (
          part
        ) : (
          <a key={nth} href={part} target="_blank" rel="noopener noreferrer">
            {part}
          </a>
        ),
      )}
    </div>
  )
}
