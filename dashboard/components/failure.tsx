/** Why a run failed: what it is, what to do, and what was said, each a little quieter than the one before. */
import type { ComponentChildren } from 'preact'
import type { FailureKind } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Icon } from './icon.tsx'

export function FailureNote({
  failure: { kind, message },
  next = null,
  tone = 'warning',
  children,
}: {
  readonly failure: { readonly kind: FailureKind; readonly message: string }
  /** What to do about just this one, where that is known. */
  readonly next?: string | null
  /** `bad`: it has stopped until somebody acts. */
  readonly tone?: 'warning' | 'bad'
  readonly children?: ComponentChildren
}) {
  const { title, advice } = words.value.failures[kind]
  return (
    <div class={`callout ${tone}`}>
      <Icon name={tone === 'bad' ? 'stop' : 'warning'} />
      <div>
        <p class="callout-title">{title}</p>
        {next === null && <p>{advice}</p>}
        <p class="callout-said">{message}</p>
        {next !== null && <p>{next}</p>}
        {children}
      </div>
    </div>
  )
}
