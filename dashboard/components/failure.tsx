/** Shows why a run failed: what happened, what to do, and the server's own words, each a little quieter than the one before. */
import type { ComponentChildren } from 'preact'
import type { Failure, Step } from '../shapes.ts'
import { words } from '../words/index.ts'
import { stepSentence } from '../words/steps.ts'
import { guideNamed } from '../guides.ts'
import { AdvicePage } from './advice.tsx'
import { Icon } from './icon.tsx'

export function FailureNote({
  failure,
  step = failure.step,
  tone = 'warning',
  isPaused = false,
  children,
}: {
  readonly failure: Failure
  /** What to do about the failure, if the failure itself does not say it. */
  readonly step?: Step | undefined
  /** `bad` means that the account has stopped until somebody acts. */
  readonly tone?: 'warning' | 'bad'
  /** Nothing of the account is tried again by itself. */
  readonly isPaused?: boolean
  readonly children?: ComponentChildren
}) {
  const { account: say, failures, steps, guide: guideWords, guides, verbatim } = words.value
  const known = step?.code === 'provider note' ? step.advice : undefined
  const guide = step?.code === 'provider note' ? guideNamed(step.provider) : undefined
  const { title, advice } = failures[failure.kind]
  return (
    <div class={`callout ${tone}`}>
      <Icon name={tone === 'bad' ? 'stop' : 'warning'} />
      <div>
        <p class="callout-title">{title}</p>
        <p>{step !== undefined ? stepSentence(steps, step) : isPaused ? say.pausedAdvice : advice}</p>
        {known !== undefined && known.url !== null && <AdvicePage url={known.url} />}
        {guide !== undefined && (
          <p>
            <a href={`/guides/${guide}`}>{guideWords.of(guides[guide].name)}</a>
          </p>
        )}
        {failure.passes === true && !isPaused && <p>{say.passes}</p>}
        {/* The API's words, and the server's. */}
        <p class="callout-said">
          {verbatim} <span lang="en">{failure.happened ?? failure.message}</span>
        </p>
        {children}
      </div>
    </div>
  )
}
