/** Shows in a corner, for a while, what came of an action. Screen readers read it. */
import { signal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { problemOf } from '../client.ts'
import { number } from '../intl.ts'
import { words } from '../words/index.ts'
import { Icon } from './icon.tsx'
import { IconButton } from './button.tsx'
import { sentenceOf } from './states.tsx'

interface Told {
  readonly id: number
  readonly tone: 'good' | 'bad'
  readonly text: string
  /** What may be done about it as long as it is shown. */
  readonly action?: Deed
  readonly forMs?: number
}

interface Deed {
  readonly label: string
  readonly onDo: () => void
}

const shownMs = 6000
const told = signal<readonly Told[]>([])
let last = 0

/** A `bad` toast stays until it is closed. */
export function tell(text: string, tone: Told['tone'] = 'good'): void {
  show({ tone, text }, tone === 'good' ? shownMs : undefined)
}

/** Offers for a while to do something about what was done. */
export function offer(text: string, action: Deed, forMs: number): void {
  show({ tone: 'good', text, action, forMs }, forMs)
}

function show(one: Omit<Told, 'id'>, forMs: number | undefined): void {
  const id = (last += 1)
  told.value = [...told.value.slice(-3), { ...one, id }]
  if (forMs !== undefined) window.setTimeout(() => close(id), forMs)
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
      {told.value.map(({ id, tone, text, action, forMs }) => (
        <div key={id} class={`toast ${tone}`}>
          <Icon name={tone === 'good' ? 'check' : 'warning'} />
          <span>{text}</span>
          {forMs !== undefined && <Left forMs={forMs} />}
          {action && (
            <button
              type="button"
              class="toast-do"
              onClick={() => {
                close(id)
                action.onDo()
              }}
            >
              {action.label}
            </button>
          )}
          <IconButton icon="close" label={words.value.common.close} onClick={() => close(id)} />
        </div>
      ))}
    </div>
  )
}

/** How long it may still be done: seen, and not read out each second. Whoever wants nothing to move sees the seconds alone. */
function Left({ forMs }: { readonly forMs: number }) {
  const left = useSignal(forMs)
  useEffect(() => {
    const endMs = performance.now() + forMs
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches
    const look = () => {
      left.value = Math.max(0, endMs - performance.now())
    }
    const timer = window.setInterval(look, isCalm ? 1000 : 100)
    return () => window.clearInterval(timer)
  }, [forMs])
  return (
    <span class="toast-left" aria-hidden="true">
      <progress class="toast-bar" max={forMs} value={left.value} tabIndex={-1} />
      <span class="toast-seconds">{number(Math.ceil(left.value / 1000))}</span>
    </span>
  )
}
