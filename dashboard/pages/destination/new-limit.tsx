import { call } from '../../client.ts'
import { FormDialog } from '../../components/form.tsx'
import { ImportBudget, megabytesOf, octetsIn } from '../../components/import-budget.tsx'
import { destinationName } from '../../components/new-mailbox.tsx'
import { tell } from '../../components/toast.tsx'
import { useDraft } from '../../draft.ts'
import type { Destination } from '../../shapes.ts'
import { words } from '../../words/index.ts'

export function NewLimit({
  destination,
  onDone,
  onClose,
}: {
  readonly destination: Destination
  readonly onDone: () => void
  readonly onClose: () => void
}) {
  const { destinations: say, account, common } = words.value
  const draft = useDraft({ budget: megabytesOf(destination.importBytesPerHour) }, async ({ budget }) => {
    await call('PATCH', `/destinations/${destination.id}`, { importBytesPerHour: octetsIn(budget) })
    tell(account.saved)
    onClose()
    onDone()
  })
  return (
    <FormDialog
      title={say.limitImportsTitle(destinationName(destination))}
      draft={draft}
      action={common.save}
      onClose={onClose}
    >
      <ImportBudget hint={say.limitImportsHint} {...draft.of('budget', 'importBytesPerHour')} />
    </FormDialog>
  )
}
