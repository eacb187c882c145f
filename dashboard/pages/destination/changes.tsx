/** The dialogs that change one thing of a destination. */
import type { ComponentChildren } from 'preact'
import { call } from '../../client.ts'
import { Field } from '../../components/field.tsx'
import { FormDialog } from '../../components/form.tsx'
import { ImportBudget, megabytesOf, octetsIn } from '../../components/import-budget.tsx'
import { type Line, LineFields, sentLine } from '../../components/line-fields.tsx'
import { destinationName } from '../../components/new-mailbox.tsx'
import { tell } from '../../components/toast.tsx'
import { type Draft, useDraft } from '../../draft.ts'
import type { Destination } from '../../shapes.ts'
import { words } from '../../words/index.ts'

interface ChangeProps {
  readonly destination: Destination
  readonly onDone: () => void
  readonly onClose: () => void
}

export function NewPassword(props: ChangeProps) {
  const { destinations: say, form } = words.value
  return (
    <Change
      {...props}
      title={say.passwordTitle}
      saved={say.passwordChanged}
      typed={{ password: '' }}
      body={(typed) => typed}
    >
      {(draft) => (
        <Field
          label={form.password}
          hint={props.destination.kind === 'hosted' ? say.passwordHint : say.passwordForeignHint}
          type="password"
          required
          autocomplete="new-password"
          {...draft.of('password')}
        />
      )}
    </Change>
  )
}

export function NewLimit(props: ChangeProps) {
  const { destinations: say, account } = words.value
  return (
    <Change
      {...props}
      title={say.limitImportsTitle}
      saved={account.saved}
      typed={{ budget: megabytesOf(props.destination.importBytesPerHour) }}
      body={({ budget }) => ({ importBytesPerHour: octetsIn(budget) })}
    >
      {(draft) => <ImportBudget hint={say.limitImportsHint} {...draft.of('budget', 'importBytesPerHour')} />}
    </Change>
  )
}

export function NewLine(props: ChangeProps & { readonly line: Line }) {
  const { line: say, form, account } = words.value
  return (
    <Change
      {...props}
      title={say.changeTitle}
      saved={account.saved}
      typed={{ ...props.line, password: '' }}
      body={({ password, ...line }) => ({ ...sentLine(line), ...(password === '' ? {} : { password }) })}
    >
      {(draft) => (
        <>
          <LineFields draft={draft} />
          <Field
            label={form.password}
            hint={form.passwordKept}
            type="password"
            autocomplete="new-password"
            {...draft.of('password')}
          />
        </>
      )}
    </Change>
  )
}

function Change<Typed extends object>({
  destination,
  onDone,
  onClose,
  title,
  saved,
  typed,
  body,
  children,
}: ChangeProps & {
  readonly title: (name: string) => string
  /** Told when it is done. */
  readonly saved: string
  readonly typed: Typed
  readonly body: (typed: Typed) => object
  readonly children: (draft: Draft<Typed>) => ComponentChildren
}) {
  const draft = useDraft(typed, async (now) => {
    await call('PATCH', `/destinations/${destination.id}`, body(now))
    tell(saved)
    onClose()
    onDone()
  })
  return (
    <FormDialog
      title={title(destinationName(destination))}
      draft={draft}
      action={words.value.common.save}
      onClose={onClose}
    >
      {children(draft)}
    </FormDialog>
  )
}
