/** `in 4 min`: it goes on by itself, and says exactly when to whoever points at it. */
import { useComputed, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { exact, nowMs, relative } from '../intl.ts'

export function RelativeTime({ at }: { readonly at: string }) {
  const when = useSignal(at)
  useEffect(() => {
    when.value = at
  }, [at, when])
  // Painted only where the words change.
  const text = useComputed(() => relative(when.value, nowMs.value))
  return (
    <time dateTime={at} title={exact(at)}>
      {text}
    </time>
  )
}
