/** Shows how far a run is, as a bar and in words. */
import { bytes, moment, nowMs, number, roughly } from '../intl.ts'
import type { LiveRun } from '../live.ts'
import { words } from '../words/index.ts'
import { Notices } from './notices.tsx'
import { ProgressBar } from './progress-bar.tsx'

export function RunProgress({ live: { run, rate }, address }: { readonly live: LiveRun; readonly address: string }) {
  const { run: say } = words.value
  const { fetched, state, waitsUntil } = run
  const isHeld = waitsUntil !== null && Date.parse(waitsUntil) > nowMs.value
  const byRate =
    fetched === null || rate === undefined || rate.messages <= 0
      ? undefined
      : (fetched.of - fetched.messages) / rate.messages
  // The worker knows the sizes of what is left, and what an import may bring in an hour.
  const left = run.secondsLeft ?? byRate
  const parts = [
    state === 'queued'
      ? isHeld
        ? say.waitsUntil(moment(waitsUntil))
        : say.queued
      : fetched === null || fetched.of === 0
        ? say.looking
        : say.progress(fetched.messages, fetched.of),
    ...(run.bytes > 0 ? [bytes(run.bytes)] : []),
    ...(rate !== undefined && rate.messages >= 1 ? [say.rate(number(Math.round(rate.messages)))] : []),
    // Bytes are counted when they are stored, some time after they have come.
    ...(rate !== undefined && rate.bytes >= 1 ? [say.bytesRate(bytes(rate.bytes))] : []),
    ...(left !== undefined && left >= 1 ? [say.left(roughly(left * 1000))] : []),
  ]
  return (
    <div class="run-progress">
      <ProgressBar
        label={say.progressOf(address)}
        {...(fetched === null ? {} : { value: fetched.messages, max: fetched.of })}
      />
      <p class="facts-line">
        {parts.map((part) => (
          <span key={part}>{part}</span>
        ))}
      </p>
      {/* A run that was put off says why. */}
      {state === 'queued' && <Notices run={run} kind="quiet" />}
    </div>
  )
}
