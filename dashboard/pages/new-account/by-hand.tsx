/** The server as its provider tells it: out of sight, and so not demanded, as long as it is found without. */
import type { ComponentChildren } from 'preact'
import { pop3Ports, ServerFields } from '../../components/server-fields.tsx'
import { words } from '../../words/index.ts'
import { type Adding, byHand } from './new-account.ts'

export function ByHand({
  adding: { draft, chosen, isByHand },
  title,
  children,
}: {
  readonly adding: Adding
  readonly title: string
  readonly children?: ComponentChildren
}) {
  const { form, add: say } = words.value
  return (
    <details
      class="by-hand"
      open={isByHand}
      onInput={() => {
        chosen.value = byHand
      }}
    >
      <summary>{title}</summary>
      {children}
      <ServerFields label={form.host} draft={draft} ports={pop3Ports} required={false} userHint={say.userHint} />
    </details>
  )
}
