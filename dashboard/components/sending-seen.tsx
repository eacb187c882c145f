/** Shows what a test of the server for sending has shown. */
import type { SmtpExamination } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Icon } from './icon.tsx'

export function SendingSeen({ seen }: { readonly seen: SmtpExamination }) {
  const { sending: say } = words.value
  const server = seen.smtp === false || seen.smtp === null ? '' : seen.smtp.host
  if (seen.ok)
    return (
      <div class="callout good" role="status">
        <Icon name="check" />
        <div>
          <p class="callout-title">{say.works(server)}</p>
        </div>
      </div>
    )
  return (
    <div class="callout warning" role="alert">
      <Icon name="warning" />
      <div>
        <p class="callout-title">{say.fails}</p>
        {seen.step !== null && <p>{say.steps[seen.step]}</p>}
        {seen.failure !== null && <p class="quiet server-said">{seen.failure.message}</p>}
      </div>
    </div>
  )
}
