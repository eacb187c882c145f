/** What somebody has to see wherever they are: the icon of the window is marked while an account fails, and what is to be sent and waits for them is counted. */
import { effect, signal } from '@preact/signals'
import { get, session } from './client.ts'
import { onTold, resynced } from './live.ts'
import { readSoon } from './pace.ts'
import type { Stats } from './shapes.ts'

/** Whether an account fails, or needs somebody. */
const isTroubled = signal(false)
/** What is to be sent and waits for a person, and of which mailboxes. */
export const waiting = signal<Stats['outbox']>({ needsPerson: 0, destinations: [] })
/** Accounts that change one after the other are counted once. */
const countedAfterMs = 5000

async function count(): Promise<void> {
  if (typeof session.peek() === 'string') return
  try {
    const { accounts, outbox } = await get<Stats>('/stats')
    isTroubled.value = ['failing', 'needs attention'].some((status) => (accounts.byStatus[status] ?? 0) > 0)
    waiting.value = outbox
  } catch {
    // It is counted again when the connection is back.
  }
}

export function followTroubles(): void {
  let soon: number | undefined
  const countSoon = () => {
    soon ??= window.setTimeout(() => {
      soon = undefined
      readSoon(count)
    }, countedAfterMs)
  }
  onTold('account', countSoon)
  onTold('outbox', (told) => {
    const mayWait = told.some(({ state }) => state === 'unknown' || state === 'deferred')
    if (mayWait || waiting.peek().needsPerson > 0) readSoon(count)
  })
  effect(() => {
    const isIn = typeof session.value !== 'string'
    const times = resynced.value
    if (isIn && times >= 0) readSoon(count)
    else {
      isTroubled.value = false
      waiting.value = { needsPerson: 0, destinations: [] }
    }
  })
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
  const usual = icon?.getAttribute('href') ?? ''
  effect(() => {
    icon?.setAttribute('href', isTroubled.value ? usual.replace(/favicon\.svg$/, 'favicon-trouble.svg') : usual)
  })
}
