/** Shows the text of a message, or its HTML as the API has sanitised it, in a frame that runs nothing and fetches nothing; its invitations and pictures too. */
import { useSignal } from '@preact/signals'
import { Button } from '../../components/button.tsx'
import { Segments } from '../../components/field.tsx'
import { Icon } from '../../components/icon.tsx'
import { EmptyState } from '../../components/states.tsx'
import type { Message } from '../../shapes.ts'
import { isDark } from '../../theme.ts'
import { words } from '../../words/index.ts'
import { Events } from './events.tsx'
import { Frame } from './frame.tsx'
import { Pictures, picturesOf } from './pictures.tsx'
import { messagePath } from './place.ts'

export function Body({ destination, message }: { readonly destination: string; readonly message: Message }) {
  const { text, html, withheld, remote, truncated, incomplete, events } = message
  const { mail: say } = words.value
  const form = useSignal<'html' | 'text'>(html ? 'html' : 'text')
  const fetched = useSignal(false)
  const asSent = useSignal(false)
  const isHtml = form.value === 'html'
  const pictures = picturesOf(message, isHtml)
  const isEmpty = !html && (text ?? '').trim() === ''
  if (isEmpty && events.length === 0 && pictures.length === 0)
    return (
      <EmptyState icon="mail" title={withheld === null ? say.noText : say.withheld[withheld]}>
        <p>{incomplete ? say.incomplete : say.noTextHint}</p>
      </EmptyState>
    )
  return (
    <div class="message-body">
      <Events of={events} />
      <div class="message-forms">
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
        {isHtml && isDark() && (
          <Segments
            label={say.colours}
            value={asSent.value ? 'sent' : 'dark'}
            options={[
              { value: 'dark', text: say.dark },
              { value: 'sent', text: say.asSent },
            ]}
            onChange={(value) => {
              asSent.value = value === 'sent'
            }}
          />
        )}
      </div>
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
        <Frame
          title={say.frame}
          src={`/api/v1${messagePath(destination, '/html', {
            ...(fetched.value ? { remote: 'true' } : {}),
            ...(isDark() && !asSent.value ? { dark: 'true' } : {}),
          })}`}
        />
      ) : (
        !isEmpty && <Text text={text ?? ''} />
      )}
      <Pictures destination={destination} of={pictures} />
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
            {lookalike(part)}
          </a>
        ),
      )}
    </div>
  )
}

/** A host that is not ASCII is told as the network names it: its letters may look like others. */
function lookalike(address: string): string {
  const host = URL.canParse(address) ? new URL(address).hostname : ''
  return host.includes('xn--') && !address.includes(host) ? ` (${host})` : ''
}
