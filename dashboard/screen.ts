/** How wide the window is, where CSS alone does not do. */
import { signal } from '@preact/signals'

const phone = matchMedia('(max-width: 44rem)')
export const isNarrow = signal(phone.matches)
phone.addEventListener('change', () => {
  isNarrow.value = phone.matches
})
