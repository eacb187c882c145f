/** Says that nothing goes out as an account's address just now, why, and what to do. */
import { moment } from '../intl.ts'
import type { Account } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Icon } from './icon.tsx'

export function SendingHeld({ account: { sending } }: { readonly account: Account }) {
  const { sending: say } = words.value
  if (sending === null || sending.state === 'ok') return null
  const { state, until, limit, failure, step } = sending
  return (
    <div class="callout warning" role="status">
      <Icon name="warning" />
      <div>
        <p class="callout-title">{state === 'limited' ? say.limitedTitle : say.heldTitle}</p>
        {limit !== null && <p>{say.spent[limit.period](limit.messages)}</p>}
        {step !== null && step !== 'later' && <p>{say.steps[step]}</p>}
        <p>{until === null ? say.goesOnSoon : say.goesOn(moment(until))}</p>
        {failure !== null && (
          <p class="callout-said" lang="en">
            {failure.message}
          </p>
        )}
      </div>
    </div>
  )
}
