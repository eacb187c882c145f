/** Tells how wide the window is, for what CSS alone cannot do. */
import { signal } from '@preact/signals'

function matches(query: string) {
  const list = matchMedia(query)
  const now = signal(list.matches)
  list.addEventListener('change', () => {
    now.value = list.matches
  })
  return now
}

/** A phone. */
export const isNarrow = matches('(max-width: 44rem)')
/** A phone or a tablet. */
export const isTight = matches('(max-width: 62rem)')
