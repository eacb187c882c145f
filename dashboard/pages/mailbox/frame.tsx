/**
 * The frame for the HTML of a message: as high as its page. The page has our origin, so that it can be measured, and no script runs in it: not by
 * the sandbox, nor by the policy that it comes with (docs/decisions/0081-mail-is-read-from-any-place.md).
 */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

/** Pictures that come one after the other change the height; what changes it for ever scrolls by itself after that. */
const changesMax = 50
const heightMax = 50_000
/** What leads from the message to others, or out of it. */
const passedKeys = new Set(['j', 'k', '/', '?', 'Escape', 'r', 'a', 'f', 'c'])

export function Frame({
  title,
  src,
  onPage,
}: {
  readonly title: string
  readonly src: string
  /** Is given its page before it is measured. */
  readonly onPage?: (page: Document) => void
}) {
  const frame = useRef<HTMLIFrameElement>(null)
  const height = useSignal<number | undefined>(undefined)
  const stop = useRef(() => {})
  useEffect(() => () => stop.current(), [])
  const begin = () => {
    stop.current()
    const page = frame.current?.contentDocument
    if (!page?.body) return
    onPage?.(page)
    let changes = 0
    const measure = () => {
      const wanted = heightOf(page.documentElement)
      if (wanted === height.peek() || (changes += 1) > changesMax) return
      height.value = wanted
    }
    const growing = new ResizeObserver(measure)
    growing.observe(page.documentElement)
    page.addEventListener('keydown', passOn)
    stop.current = () => growing.disconnect()
    measure()
  }
  return (
    <iframe
      ref={frame}
      class="message-frame"
      title={title}
      sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"
      src={src}
      onLoad={begin}
      {...(height.value === undefined ? {} : { style: { flex: 'none', height: `${height.value}px` } })}
    />
  )
}

function heightOf(root: HTMLElement): number {
  const { height } = root.getBoundingClientRect()
  // What does not fit beside its box, and the bar to scroll to it.
  const below = root.scrollHeight > root.clientHeight ? root.scrollHeight : 0
  const bar = root.scrollWidth > root.clientWidth ? 18 : 0
  return Math.min(heightMax, Math.ceil(Math.max(height, below)) + bar)
}

function passOn({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): void {
  if (ctrlKey || metaKey || altKey || !passedKeys.has(key)) return
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))
}
