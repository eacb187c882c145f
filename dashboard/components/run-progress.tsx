/** How far a run is: a bar, and the same in words. */
import { bytes, duration, number } from '../intl.ts'
import type { LiveRun } from '../live.ts'
import { words } from '../words/index.ts'
import { ProgressBar } from './progress-bar.tsx'

/** @param isFirst of its account: then all that the maildrop shows is to come. Later on, only the run itself knows how much is new. */
export function RunProgress({
  live: { run, rate },
  address,
  isFirst,
}: {
  readonly live: LiveRun
  readonly address: string
  readonly isFirst: boolean
}) {
  const { run: say } = words.value
  const done = run.stored + run.recovered + run.quarantined
  const of = isFirst && run.listed > 0 ? run.listed : undefined
  const left = of === undefined || rate === undefined || rate.messages <= 0 ? undefined : (of - done) / rate.messages
  const parts = [
    run.state === 'queued'
      ? say.queued
      : of !== undefined
        ? say.progress(done, of)
        : done > 0
          ? say.stored(done)
          : say.looking,
    ...(run.bytes > 0 ? [bytes(run.bytes)] : []),
    ...(rate !== undefined && rate.messages >= 1
      ? [say.rate(number(Math.round(rate.messages)), bytes(rate.bytes))]
      : []),
    ...(left !== undefined && left >= 1 ? [say.left(duration(left * 1000))] : []),
  ]
  return (
    <div class="run-progress">
      <ProgressBar label={say.progressOf(address)} {...(of === undefined ? {} : { value: done, max: of })} />
      <p class="facts-line">
        {parts.map((part) => (
          <span key={part}>{part}</span>
        ))}
      </p>
    </div>
  )
}
