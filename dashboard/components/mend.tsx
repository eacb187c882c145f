/** What somebody can do at once about the failure of an account: trust its certificate, give its password anew, change its settings. */
import { useSignal } from '@preact/signals'
import { isMendedBySettings } from '../mending.ts'
import { PasswordAnew } from './password-anew.tsx'
import { TrustThis } from './trust-this.tsx'
import { may } from '../session.ts'
import type { Account, Failure } from '../shapes.ts'
import { words } from '../words/index.ts'
import { AccountEditor } from './account-editor.tsx'
import { Button } from './button.tsx'

interface MendProps {
  readonly account: Account
  readonly failure: Failure
}

export function Mend({ account, failure }: MendProps) {
  const editing = useSignal(false)
  if (!may('admin')) return null
  const edit = () => {
    editing.value = true
  }
  const wantsPassword = failure.kind === 'credentials refused' && account.oauth === null
  return (
    <>
      <TrustThis account={account} failure={failure} />
      {wantsPassword && <PasswordAnew account={account} onEdit={edit} />}
      {!wantsPassword && isMendedBySettings(failure) && (
        <div class="form-do">
          <Button icon="edit" onClick={edit}>
            {words.value.accounts.edit}
          </Button>
        </div>
      )}
      {editing.value && (
        <AccountEditor
          account={account}
          onClose={() => {
            editing.value = false
          }}
        />
      )}
    </>
  )
}

/** The button alone, for a row. */
export function EditButton({ account }: Pick<MendProps, 'account'>) {
  const editing = useSignal(false)
  return (
    <>
      <Button
        icon="edit"
        aria-label={`${words.value.accounts.edit}: ${account.address}`}
        onClick={() => {
          editing.value = true
        }}
      >
        {words.value.accounts.edit}
      </Button>
      {editing.value && (
        <AccountEditor
          account={account}
          onClose={() => {
            editing.value = false
          }}
        />
      )}
    </>
  )
}

/** Whether a run is the account's last one, and the settings of the account mend what it failed for. */
export function isToEdit(
  account: Account | undefined,
  run: { readonly id: string; readonly failure: Failure | null },
): boolean {
  return account?.lastRun?.id === run.id && run.failure !== null && isMendedBySettings(run.failure) && may('admin')
}
