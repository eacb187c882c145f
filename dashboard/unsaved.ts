/** Forms with something typed that was not sent: whoever is about to leave one is asked, and finds it as it was when they stay. */
import { signal } from '@preact/signals'
import { session } from './client.ts'

const forms = new Set<object>()

/** The way out that somebody has taken, as long as they are asked. */
export const leaving = signal<(() => void) | undefined>(undefined)

export function noteTyped(form: object, isTyped: boolean): void {
  // Whoever is about to sign in loses nothing.
  if (isTyped && typeof session.peek() !== 'string') forms.add(form)
  else forms.delete(form)
}

export const isUnsaved = () => forms.size > 0

/** Leaves at once, or once somebody has said so. */
export function leave(act: () => void): void {
  if (!isUnsaved()) act()
  else
    leaving.value = () => {
      forms.clear()
      act()
    }
}

export function followUnsaved(): void {
  // The browser asks in its own words.
  addEventListener('beforeunload', (event) => {
    if (isUnsaved()) event.preventDefault()
  })
}
