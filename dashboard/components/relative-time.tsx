/** Shows a time as `in 4 min`. It updates itself, and shows the exact time when somebody points at it. */
import { useComputed, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { exact, nowMs, relative } from '../intl.ts'

export function RelativeTime({ at }: { readonly at: string }) {
  const when = useSignal(at)
  useEffect(() => {
    when.value = at
  }, [at, when])
  // It is painted only when its words change.
  const text = useComputed(() => relative(when.value, nowMs.value))
  return (
    <time dateTime={at} title={exact(at)}>
      {text}
    </time>
  )
}
