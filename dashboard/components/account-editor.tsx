/** Changes an account. Only changed fields are sent, and the password stays unless a new one is typed. */
import { useSignal } from '@preact/signals'
import { call } from '../client.ts'
import { useDraft } from '../draft.ts'
import { learn } from '../roster.ts'
import type { Account } from '../shapes.ts'
import { retentionOf, retentions } from '../terms.ts'
import { words } from '../words/index.ts'
import { Choice, Field } from './field.tsx'
import { FormDialog } from './form.tsx'
import { ImportBudget, megabytesOf, octetsIn } from './import-budget.tsx'
import { changedLogin, LoginFields, typedLogin } from './login-fields.tsx'
import { tell } from './toast.tsx'

export function AccountEditor({ account, onClose }: { readonly account: Account; readonly onClose: () => void }) {
  const { form, account: say, common } = words.value
  /** The account may change elsewhere while this form is open. */
  const { value: before } = useSignal(account)
  const { retention } = before
  const first = {
    ...typedLogin(before),
    address: before.address,
    folder: before.folder,
    mode: retention.mode,
    days: retention.mode === 'keepDays' ? String(retention.days) : '14',
    budget: megabytesOf(before.importBytesPerHour),
  }
  const draft = useDraft(first, async (typed) => {
    const { address, folder, mode, days, budget } = typed
    const now = { address, folder, retention: retentionOf(mode, days), importBytesPerHour: octetsIn(budget) }
    const names = Object.keys(now) as (keyof typeof now)[]
    const changed = names.filter((name) => JSON.stringify(now[name]) !== JSON.stringify(before[name]))
    const body = {
      ...Object.fromEntries(changed.map((name) => [name, now[name]])),
      ...changedLogin(before, typed, 'POP3'),
    }
    learn([await call<Account>('PATCH', `/accounts/${before.id}`, body)])
    tell(say.saved)
    onClose()
  })
  return (
    <FormDialog title={say.editTitle(account.address)} draft={draft} action={common.save} onClose={onClose}>
      <Field label={form.address} type="email" required {...draft.of('address')} />
      <LoginFields draft={draft} before={before} protocol="POP3" />
      <div class="fields-row">
        <Field label={form.folder} required {...draft.of('folder')} />
        <Choice
          label={form.retention}
          options={retentions.map((value) => ({ value, text: form.retentions[value] }))}
          {...draft.of('mode')}
        />
        {draft.values.mode === 'keepDays' && (
          <Field label={form.days} inputMode="numeric" required {...draft.of('days', 'retention')} />
        )}
      </div>
      <ImportBudget hint={form.importBudgetHint} {...draft.of('budget', 'importBytesPerHour')} />
    </FormDialog>
  )
}
