import { call } from '../../client.ts'
import { Field } from '../../components/field.tsx'
import { FormDialog } from '../../components/form.tsx'
import { destinationName } from '../../components/new-mailbox.tsx'
import { tell } from '../../components/toast.tsx'
import { useDraft } from '../../draft.ts'
import type { Destination } from '../../shapes.ts'
import { words } from '../../words/index.ts'

export function NewPassword({
  destination,
  onDone,
  onClose,
}: {
  readonly destination: Destination
  readonly onDone: () => void
  readonly onClose: () => void
}) {
  const { destinations: say, form, common } = words.value
  const draft = useDraft({ password: '' }, async (body) => {
    await call('PATCH', `/destinations/${destination.id}`, body)
    tell(say.passwordChanged)
    onClose()
    onDone()
  })
  return (
    <FormDialog
      title={say.passwordTitle(destinationName(destination))}
      draft={draft}
      action={common.save}
      onClose={onClose}
    >
      <Field
        label={form.password}
        hint={destination.kind === 'hosted' ? say.passwordHint : say.passwordForeignHint}
        type="password"
        required
        autocomplete="new-password"
        {...draft.of('password')}
      />
    </FormDialog>
  )
}
