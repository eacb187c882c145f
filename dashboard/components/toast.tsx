/** Shows in a corner, for a while, what came of an action. Screen readers read it. */
import { signal } from '@preact/signals'
import { problemOf } from '../client.ts'
import { words } from '../words/index.ts'
import { Icon } from './icon.tsx'
import { IconButton } from './button.tsx'
import { sentenceOf } from './states.tsx'

interface Told {
  readonly id: number
  readonly tone: 'good' | 'bad'
  readonly text: string
}

const shownMs = 6000
const told = signal<readonly Told[]>([])
let last = 0

/** A `bad` toast stays until it is closed. */
export function tell(text: string, tone: Told['tone'] = 'good'): void {
  const id = (last += 1)
  told.value = [...told.value.slice(-3), { id, tone, text }]
  if (tone === 'good') window.setTimeout(() => close(id), shownMs)
}

/** Carries an action out and shows what came of it. Returns false if it failed. */
export async function attempt(act: () => Promise<unknown>, done?: string): Promise<boolean> {
  try {
    await act()
    if (done !== undefined) tell(done)
    return true
  } catch (error) {
    tell(sentenceOf(problemOf(error)), 'bad')
    return false
  }
}

function close(id: number): void {
  told.value = told.value.filter((one) => one.id !== id)
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {told.value.map(({ id, tone, text }) => (
        <div key={id} class={`toast ${tone}`}>
          <Icon name={tone === 'good' ? 'check' : 'warning'} />
          <span>{text}</span>
          <IconButton icon="close" label={words.value.common.close} onClick={() => close(id)} />
        </div>
      ))}
    </div>
  )
}
