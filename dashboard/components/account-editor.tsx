/** Changes an account. Only changed fields are sent, and the password stays unless a new one is typed. */
import { useSignal } from '@preact/signals'
import { call, everyOne } from '../client.ts'
import { useDraft } from '../draft.ts'
import { learn } from '../roster.ts'
import { useResource } from '../resource.ts'
import type { Account, Application } from '../shapes.ts'
import { retentionOf, retentions } from '../terms.ts'
import { words } from '../words/index.ts'
import { Choice, Field } from './field.tsx'
import { FormDialog } from './form.tsx'
import { ImportBudget, megabytesOf, octetsIn } from './import-budget.tsx'
import { LineFields, lineOf, sentLine } from './line-fields.tsx'
import { pop3Ports, ServerRow } from './server-fields.tsx'
import { byPassword, Entry } from './sign-in/entry.tsx'
import { tell } from './toast.tsx'

export function AccountEditor({ account, onClose }: { readonly account: Account; readonly onClose: () => void }) {
  const { form, account: say, common } = words.value
  /** The account may change elsewhere while this form is open. */
  const { value: before } = useSignal(account)
  const { address, user, hostUnicode: host, port, tls, folder, retention, importBytesPerHour } = before
  const first = {
    address,
    user,
    host,
    port: String(port),
    tls,
    folder,
    password: '',
    entry: before.oauth?.applicationId ?? byPassword,
    mode: retention.mode,
    days: retention.mode === 'keepDays' ? String(retention.days) : '14',
    budget: megabytesOf(importBytesPerHour),
    ...lineOf(before),
  }
  const draft = useDraft(first, async ({ password, entry, mode, days, budget, ...rest }) => {
    const kept = { retention: retentionOf(mode, days), importBytesPerHour: octetsIn(budget) }
    const now = { ...rest, ...kept, ...sentLine(rest), port: Number(rest.port) }
    const names = Object.keys(now) as (keyof typeof now)[]
    const was = { ...before, host }
    const changed = names.filter((name) => JSON.stringify(now[name]) !== JSON.stringify(was[name]))
    const other =
      entry === first.entry
        ? {}
        : entry === byPassword
          ? { auth: 'password', oauth: null }
          : { auth: 'oauth2', oauth: { applicationId: entry } }
    const body = { ...Object.fromEntries(changed.map((name) => [name, now[name]])), ...other }
    learn([await call<Account>('PATCH', `/accounts/${before.id}`, password === '' ? body : { ...body, password })])
    tell(say.saved)
    onClose()
  })
  const { value: known } = useResource('/oauth/applications', everyOne<Application>).now
  const applications = known.state === 'ready' ? known.value : []
  return (
    <FormDialog title={say.editTitle(account.address)} draft={draft} action={common.save} onClose={onClose}>
      <Field label={form.address} type="email" required {...draft.of('address')} />
      <div class="fields-row">
        <Field label={form.user} required autocomplete="off" {...draft.of('user')} />
        <Field
          label={form.password}
          type="password"
          autocomplete="new-password"
          hint={form.passwordKept}
          {...draft.of('password')}
        />
      </div>
      {applications.length > 0 && <Entry applications={applications} {...draft.of('entry', 'auth')} />}
      <ServerRow label={form.host} draft={draft} ports={pop3Ports} />
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
      <LineFields draft={draft} />
      <ImportBudget hint={form.importBudgetHint} {...draft.of('budget', 'importBytesPerHour')} />
    </FormDialog>
  )
}
