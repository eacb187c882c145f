/** Tells how wide the window is, for what CSS alone cannot do. */
import { signal } from '@preact/signals'

const phone = matchMedia('(max-width: 44rem)')
export const isNarrow = signal(phone.matches)
phone.addEventListener('change', () => {
  isNarrow.value = phone.matches
})
