/** The three states before something is shown: there is nothing, it is still loading, or it could not be read. */
import type { ComponentChildren } from 'preact'
import { problemTold } from '../mistakes.ts'
import type { Resource } from '../resource.ts'
import type { Problem } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Button } from './button.tsx'
import { Icon, type IconName } from './icon.tsx'
import { InWords } from './in-words.tsx'

export function EmptyState({
  icon,
  title,
  children,
}: {
  readonly icon: IconName
  readonly title: string
  readonly children?: ComponentChildren
}) {
  return (
    <div class="state">
      <Icon name={icon} />
      <p class="state-title">{title}</p>
      {children}
    </div>
  )
}

/** Says what happened and what to do next, where there is room for one text. */
export function sentenceOf(problem: Problem): string {
  const { text, said = '' } = problemTold(problem)
  return said === '' ? text : `${text} ${said}`
}

export function ErrorState({ problem, retry }: { readonly problem: Problem; readonly retry?: () => void }) {
  return (
    <div class="state failed" role="alert">
      <Icon name="warning" />
      <p class="state-title">
        <InWords told={problemTold(problem)} />
      </p>
      {retry && (
        <Button icon="refresh" onClick={retry}>
          {words.value.common.tryAgain}
        </Button>
      )}
    </div>
  )
}

/** Placeholders for the lines that are being loaded. */
export function Skeleton({ lines = 3 }: { readonly lines?: number }) {
  return (
    <div class="skeleton" role="status">
      <span class="unseen">{words.value.common.loading}</span>
      {Array.from({ length: lines }, (_line, nth) => (
        <span key={nth} class="skeleton-line" aria-hidden="true" />
      ))}
    </div>
  )
}

/** Shows one of the three states, or the content. */
export function Loaded<Value>({
  of: resource,
  lines = 3,
  children,
}: {
  readonly of: Pick<Resource<Value>, 'now' | 'reload'>
  readonly lines?: number
  readonly children: (value: Value) => ComponentChildren
}) {
  const { value: loaded } = resource.now
  switch (loaded.state) {
    case 'loading':
      return <Skeleton lines={lines} />
    case 'failed':
      return <ErrorState problem={loaded.problem} retry={() => resource.reload()} />
    case 'ready':
      return <>{children(loaded.value)}</>
  }
}
