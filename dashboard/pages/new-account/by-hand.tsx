/** The fields for a server that is entered by hand. They are folded away, and not required: most servers are found by themselves. */
import type { ComponentChildren } from 'preact'
import { CertificateFields } from '../../components/certificate-fields.tsx'
import { LineFields } from '../../components/line-fields.tsx'
import { pop3Ports, ServerFields } from '../../components/server-fields.tsx'
import { byPassword } from '../../components/sign-in/entry.tsx'
import { words } from '../../words/index.ts'
import { type Adding, byHand } from './new-account.ts'

export function ByHand({
  adding: { draft, chosen },
  title,
  isOpen,
  children,
}: {
  readonly adding: Adding
  readonly title: string
  readonly isOpen: boolean
  readonly children?: ComponentChildren
}) {
  const { form, add: say } = words.value
  return (
    <details
      class="by-hand"
      open={isOpen}
      onInput={() => {
        chosen.value = byHand
      }}
    >
      <summary>{title}</summary>
      {children}
      <ServerFields label={form.host} draft={draft} ports={pop3Ports} required={false} userHint={say.userHint} />
      {draft.values.tls !== 'none' && <CertificateFields draft={draft} />}
      <LineFields draft={draft} way={{ protocol: 'POP3', signsIn: draft.values.entry !== byPassword }} />
    </details>
  )
}
