/** Marks the icon of the window while an account fails, so that it is seen from another tab. */
import { effect, signal } from '@preact/signals'
import { get, session } from './client.ts'
import { onTold, resynced } from './live.ts'
import { readSoon } from './pace.ts'
import type { Stats } from './shapes.ts'

/** Whether an account fails, or needs somebody. */
const isTroubled = signal(false)
/** Accounts that change one after the other are counted once. */
const countedAfterMs = 5000

async function count(): Promise<void> {
  if (typeof session.peek() === 'string') return
  try {
    const { accounts } = await get<Stats>('/stats')
    isTroubled.value = ['failing', 'needs attention'].some((status) => (accounts.byStatus[status] ?? 0) > 0)
  } catch {
    // It is counted again when the connection is back.
  }
}

export function followTroubles(): void {
  let soon: number | undefined
  onTold('account', () => {
    soon ??= window.setTimeout(() => {
      soon = undefined
      readSoon(count)
    }, countedAfterMs)
  })
  effect(() => {
    const isIn = typeof session.value !== 'string'
    const times = resynced.value
    if (isIn && times >= 0) readSoon(count)
    else isTroubled.value = false
  })
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
  const usual = icon?.getAttribute('href') ?? ''
  effect(() => {
    icon?.setAttribute('href', isTroubled.value ? usual.replace(/favicon\.svg$/, 'favicon-trouble.svg') : usual)
  })
}
