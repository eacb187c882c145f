/** The files that go with a message, and how far each one is read. */
import { Icon } from '../../components/icon.tsx'
import { ProgressBar } from '../../components/progress-bar.tsx'
import { bytes, list } from '../../intl.ts'
import { sending } from '../../words/sending.ts'
import { attachedMax, sizeOf } from './attaching.ts'
import type { Writing } from './writing.ts'

export function AttachedFiles({ of: writing }: { readonly of: Writing }) {
  const say = sending.value
  const { attachments } = writing.values.value
  const { value: fault } = writing.attachFault
  return (
    <section class="attached" aria-label={say.attached}>
      {attachments.length > 0 && (
        <ul>
          {attachments.map(({ id, filename, contentType, size, content, read }) => (
            <li key={id} class="attachment" title={contentType}>
              <Icon name="clip" />
              <span class="attachment-name">{filename}</span>
              {content === undefined ? (
                <ProgressBar label={say.readingFile(filename)} value={read} max={Math.max(size, 1)} />
              ) : (
                <span class="quiet">{bytes(size)}</span>
              )}
              <button
                type="button"
                class="chip-remove"
                aria-label={say.remove(filename)}
                title={say.remove(filename)}
                onClick={() => writing.detach(id)}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
      {fault !== undefined && (
        <p class="error" role="alert">
          {fault.kind === 'too large'
            ? say.tooLarge(list(fault.names), bytes(attachedMax), bytes(sizeOf(attachments)))
            : say.unreadFile(list(fault.names))}
        </p>
      )}
    </section>
  )
}
