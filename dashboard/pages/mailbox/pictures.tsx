/** Shows the pictures that a message brings, below its text: those of the kinds that browsers draw and that hold nothing else. */
import type { Message } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { messagePath } from './place.ts'

const drawn = /^image\/(?:png|jpe?g|gif|webp|bmp|avif)$/
const picturesMax = 20
/** Larger ones are downloaded by whoever wants to see them. */
const octetsMax = 20_000_000

export function picturesOf({ attachments }: Message, isHtml: boolean): Message['attachments'] {
  return attachments
    .filter(({ type, size, inText }) => drawn.test(type) && size <= octetsMax && !(isHtml && inText))
    .slice(0, picturesMax)
}

export function Pictures({
  destination,
  of: pictures,
}: {
  readonly destination: string
  readonly of: Message['attachments']
}) {
  const { mail: say } = words.value
  if (pictures.length === 0) return null
  return (
    <ul class="pictures" aria-label={say.pictures}>
      {pictures.map(({ part, filename }) => {
        const at = `/api/v1${messagePath(destination, `/attachments/${part}`)}`
        return (
          <li key={part}>
            <a href={at} download={filename ?? ''}>
              <img loading="lazy" src={at} alt={filename ?? say.unnamed} />
            </a>
          </li>
        )
      })}
    </ul>
  )
}
