import { Icon } from '../../components/icon.tsx'
import { bytes } from '../../intl.ts'
import type { Message } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { messagePath } from './place.ts'

export function Attachments({
  destination,
  message: { attachments },
}: {
  readonly destination: string
  readonly message: Message
}) {
  const { mail: say } = words.value
  if (attachments.length === 0) return null
  return (
    <section class="attachments" aria-label={say.attachments}>
      <ul>
        {attachments.map(({ part, filename, type, size }) => (
          <li key={part}>
            <a
              class="attachment"
              href={`/api/v1${messagePath(destination, `/attachments/${part}`)}`}
              download={filename ?? ''}
              title={type}
            >
              <Icon name="clip" />
              <span class="attachment-name">{filename ?? say.unnamed}</span>
              <span class="quiet">{bytes(size)}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  )
}
