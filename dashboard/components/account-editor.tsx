/** Changes an account. Only changed fields are sent, and the password stays unless a new one is typed. */
import { useSignal } from '@preact/signals'
import { call, everyOne } from '../client.ts'
import { useDraft } from '../draft.ts'
import { useResource } from '../resource.ts'
import { learn } from '../roster.ts'
import type { Account, Destination } from '../shapes.ts'
import { firstRunOf, firstRuns, retentionOf, retentions } from '../terms.ts'
import { words } from '../words/index.ts'
import { Choice, Field } from './field.tsx'
import { FormDialog } from './form.tsx'
import { ImportBudget, megabytesOf, octetsIn } from './import-budget.tsx'
import { changedLogin, LoginFields, typedLogin } from './login-fields.tsx'
import { changedRare, MoreFields, rareOf } from './more-fields.tsx'
import { destinationName } from './new-mailbox.tsx'
import { changedSending, SendingFields, typedSending } from './sending-fields.tsx'
import { Trial } from './trial.tsx'
import { tell } from './toast.tsx'

export function AccountEditor({ account, onClose }: { readonly account: Account; readonly onClose: () => void }) {
  const { form, add, account: say, common, sending } = words.value
  /** The account may change elsewhere while this form is open. */
  const { value: before } = useSignal(account)
  const { value: known } = useResource('/destinations', everyOne<Destination>).now
  const destinations = known.state === 'ready' ? known.value : []
  /** The fingerprints that tests have shown here. */
  const shown = useSignal<readonly string[]>([])
  const { retention, firstRun } = before
  const first = {
    ...typedLogin(before),
    ...rareOf(before),
    ...typedSending(before),
    address: before.address,
    destinationId: before.destinationId,
    folder: before.folder,
    mode: retention.mode,
    days: retention.mode === 'keepDays' ? String(retention.days) : '14',
    firstRun: firstRun.mode,
    firstDays: firstRun.mode === 'lastDays' ? String(firstRun.days) : '30',
    budget: megabytesOf(before.importBytesPerHour),
  }
  const bodyOf = (typed: typeof first) => {
    const now = {
      address: typed.address,
      destinationId: typed.destinationId,
      folder: typed.folder,
      retention: retentionOf(typed.mode, typed.days),
      firstRun: firstRunOf(typed.firstRun, typed.firstDays),
      importBytesPerHour: octetsIn(typed.budget),
    }
    const names = Object.keys(now) as (keyof typeof now)[]
    const changed = names.filter((name) => JSON.stringify(now[name]) !== JSON.stringify(before[name]))
    return {
      ...Object.fromEntries(changed.map((name) => [name, now[name]])),
      ...changedRare(first, typed),
      ...changedSending(first, typed),
      ...changedLogin(before, typed, 'POP3'),
    }
  }
  const draft = useDraft(first, async (typed) => {
    const saved = await call<Account>('PATCH', `/accounts/${before.id}`, bodyOf(typed))
    learn([saved])
    const [remark] = saved.remarks ?? []
    tell(remark === undefined ? say.saved : sending.shared(remark))
    onClose()
  })
  return (
    <FormDialog title={say.editTitle(account.address)} draft={draft} action={common.save} onClose={onClose}>
      <Field label={form.address} type="email" required {...draft.of('address')} />
      <LoginFields draft={draft} before={before} protocol="POP3" shown={shown.value} />
      <Trial
        account={before}
        draft={draft}
        body={() => bodyOf(draft.values)}
        onShown={(fingerprint) => {
          shown.value = [...shown.value, fingerprint]
        }}
      />
      <SendingFields draft={draft} />
      <div class="fields-row">
        <Choice
          label={form.destination}
          options={
            destinations.length === 0
              ? [{ value: before.destinationId, text: '…' }]
              : destinations.map((destination) => ({ value: destination.id, text: destinationName(destination) }))
          }
          {...draft.of('destinationId')}
        />
        <Field label={form.folder} required {...draft.of('folder')} />
      </div>
      <div class="fields-row">
        <Choice
          label={form.retention}
          options={retentions.map((value) => ({ value, text: form.retentions[value] }))}
          {...draft.of('mode')}
        />
        {draft.values.mode === 'keepDays' && (
          <Field label={form.days} inputMode="numeric" required {...draft.of('days', 'retention')} />
        )}
      </div>
      {/* It says what the first visit that works leaves alone. */}
      {before.lastMailAt === null && (
        <div class="fields-row">
          <Choice
            label={add.first}
            options={firstRuns.map((value) => ({ value, text: add.firstRuns[value].text }))}
            {...draft.of('firstRun')}
          />
          {draft.values.firstRun === 'lastDays' && (
            <Field label={add.firstDays} inputMode="numeric" required {...draft.of('firstDays', 'firstRun')} />
          )}
        </div>
      )}
      <ImportBudget hint={form.importBudgetHint} {...draft.of('budget', 'importBytesPerHour')} />
      <MoreFields draft={draft} />
    </FormDialog>
  )
}
