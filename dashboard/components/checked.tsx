/** What a check of a step has found. */
import type { ComponentChildren } from 'preact'
import { Icon } from './icon.tsx'

const icons = { good: 'check', bad: 'warning', busy: 'busy', open: 'clock' } as const

export function Checked({
  state,
  children,
}: {
  readonly state: keyof typeof icons
  readonly children: ComponentChildren
}) {
  return (
    <p class={`checked ${state}`} role="status">
      <Icon name={icons[state]} />
      <span>{children}</span>
    </p>
  )
}
