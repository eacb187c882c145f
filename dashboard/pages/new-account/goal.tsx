/** The choice of where mail goes: into an existing mailbox, or into a new one. */
import { Choice, Field } from '../../components/field.tsx'
import { destinationName, MailboxFields } from '../../components/new-mailbox.tsx'
import { Section } from '../../components/page.tsx'
import { ownerOf } from '../../session.ts'
import type { Destination } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { type Adding, newMailbox } from './new-account.ts'

export function Goal({
  adding: { draft },
  destinations,
}: {
  readonly adding: Adding
  readonly destinations: readonly Destination[]
}) {
  const { add: say, form } = words.value
  return (
    <Section title={say.goal}>
      <div class="fields">
        <div class="fields-row">
          <Choice
            label={form.destination}
            options={[
              ...destinations.map((destination) => ({ value: destination.id, text: destinationName(destination) })),
              ...(ownerOf() === null ? [{ value: newMailbox, text: say.newMailbox }] : []),
            ]}
            {...draft.of('destinationId')}
          />
          <Field label={form.folder} hint={say.folderHint} required {...draft.of('folder')} />
        </div>
        {draft.values.destinationId === newMailbox && (
          <div class="fields-row">
            <MailboxFields login={draft.of('login')} password={draft.of('newPassword', 'password')} />
          </div>
        )}
      </div>
    </Section>
  )
}
