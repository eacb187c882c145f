/** The dialogs that change one thing of a destination. */
import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { call } from '../../client.ts'
import { Field } from '../../components/field.tsx'
import { FormDialog } from '../../components/form.tsx'
import { ImportBudget, megabytesOf, octetsIn } from '../../components/import-budget.tsx'
import { changedLogin, LoginFields, typedLogin } from '../../components/login-fields.tsx'
import { MailboxTrial } from '../../components/mailbox-trial.tsx'
import { destinationName } from '../../components/new-mailbox.tsx'
import { NewPasswordFields } from '../../components/new-password.tsx'
import { byPassword } from '../../components/sign-in/entry.tsx'
import { tell } from '../../components/toast.tsx'
import { type Draft, useDraft } from '../../draft.ts'
import { ownerOf } from '../../session.ts'
import type { Destination } from '../../shapes.ts'
import { words } from '../../words/index.ts'

type Elsewhere = Extract<Destination, { kind: 'imap' }>

interface ChangeProps {
  readonly destination: Destination
  readonly onDone: () => void
  readonly onClose: () => void
}

export function NewPassword(props: ChangeProps) {
  const { destinations: say, form } = words.value
  const isHosted = props.destination.kind === 'hosted'
  const isOwn = isHosted && ownerOf() !== null
  return (
    <Change
      {...props}
      title={say.passwordTitle}
      saved={say.passwordChanged}
      typed={{ password: '', presentPassword: '' }}
      body={({ password, presentPassword }) => (isOwn ? { password, presentPassword } : { password })}
    >
      {(draft) => (
        <>
          {isOwn && (
            <Field
              label={say.presentPassword}
              type="password"
              required
              autocomplete="current-password"
              {...draft.of('presentPassword')}
            />
          )}
          {isHosted ? (
            <NewPasswordFields
              label={isOwn ? say.newPassword : form.password}
              hint={say.passwordHint}
              {...draft.of('password')}
            />
          ) : (
            <Field
              label={form.password}
              hint={say.passwordForeignHint}
              type="password"
              required
              autocomplete="new-password"
              {...draft.of('password')}
            />
          )}
        </>
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

/** Where and how a mailbox elsewhere is logged in to. */
export function NewLogin({ destination, ...props }: ChangeProps & { readonly destination: Elsewhere }) {
  const { account } = words.value
  /** It may change elsewhere while this form is open. */
  const { value: before } = useSignal(destination)
  /** The fingerprints that tests have shown here. */
  const shown = useSignal<readonly string[]>([])
  return (
    <Change
      {...props}
      destination={destination}
      title={account.editTitle}
      saved={account.saved}
      typed={typedLogin(before)}
      body={(typed) => changedLogin(before, typed, 'IMAP')}
    >
      {(draft) => (
        <>
          <LoginFields draft={draft} before={before} protocol="IMAP" shown={shown.value} />
          {/* Signing in at another provider comes after saving. */}
          {draft.values.entry === (before.oauth?.applicationId ?? byPassword) && (
            <MailboxTrial
              path={`/destinations/${before.id}/test`}
              draft={draft}
              body={() => changedLogin(before, draft.values, 'IMAP')}
              trusted={before.tlsFingerprint}
              onShown={(fingerprint) => {
                shown.value = [...shown.value, fingerprint]
              }}
            />
          )}
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
