/** Changes an account: what is not changed is not sent, and the password stays unless a new one is typed. */
import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { call, problemOf } from '../client.ts'
import { learn } from '../roster.ts'
import type { Account, AccountPatch, Problem } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { Choice, Field } from './field.tsx'
import { sentenceOf } from './states.tsx'
import { tell } from './toast.tsx'

const modes = ['implicit', 'starttls', 'none'] as const
const retentions = ['keep', 'delete', 'keepDays'] as const

export function AccountEditor({ account, onClose }: { readonly account: Account; readonly onClose: () => void }) {
  const { form, account: say, common } = words.value
  const id = useId()
  const changed = useSignal<AccountPatch>({})
  const problem = useSignal<Problem | undefined>(undefined)
  const busy = useSignal(false)
  const now = { ...account, ...changed.value }
  const change = (part: AccountPatch) => {
    changed.value = { ...changed.value, ...part }
  }
  const wrong = (field: string) => {
    const mistake = problem.value?.errors?.find(({ pointer }) => pointer.startsWith(`/${field}`))
    return mistake === undefined ? undefined : form.wrong(mistake.detail)
  }
  const submit = async () => {
    busy.value = true
    try {
      learn([await call<Account>('PATCH', `/accounts/${account.id}`, changed.value)])
      tell(say.saved)
      onClose()
    } catch (error) {
      problem.value = problemOf(error)
    } finally {
      busy.value = false
    }
  }
  const days = now.retention.mode === 'keepDays' ? now.retention.days : 14

  return (
    <Dialog
      title={say.editTitle(account.address)}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{common.cancel}</Button>
          <Button kind="main" type="submit" form={id} busy={busy.value}>
            {common.save}
          </Button>
        </>
      }
    >
      <form
        id={id}
        class="fields"
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <Field
          label={form.address}
          type="email"
          required
          value={now.address}
          error={wrong('address')}
          onInput={(address) => change({ address })}
        />
        <div class="fields-row">
          <Field
            label={form.user}
            required
            autocomplete="off"
            value={now.user}
            error={wrong('user')}
            onInput={(user) => change({ user })}
          />
          <Field
            label={form.password}
            type="password"
            autocomplete="new-password"
            hint={form.passwordKept}
            value={changed.value.password ?? ''}
            error={wrong('password')}
            onInput={(password) => {
              const { password: _before, ...rest } = changed.value
              changed.value = password === '' ? rest : { ...rest, password }
            }}
          />
        </div>
        <div class="fields-row server">
          <Field
            label={form.host}
            required
            value={now.host}
            error={wrong('host')}
            onInput={(host) => change({ host })}
          />
          <Field
            label={form.port}
            inputMode="numeric"
            required
            value={String(now.port)}
            error={wrong('port')}
            onInput={(port) => change({ port: Number(port) })}
          />
          <Choice
            label={form.tls}
            value={now.tls}
            options={modes.map((value) => ({ value, text: form.tlsModes[value] }))}
            onChoose={(tls) => change({ tls })}
          />
        </div>
        <div class="fields-row">
          <Field
            label={form.folder}
            required
            value={now.folder}
            error={wrong('folder')}
            onInput={(folder) => change({ folder })}
          />
          <Choice
            label={form.retention}
            value={now.retention.mode}
            options={retentions.map((value) => ({ value, text: form.retentions[value] }))}
            onChoose={(mode) => change({ retention: mode === 'keepDays' ? { mode, days } : { mode } })}
          />
          {now.retention.mode === 'keepDays' && (
            <Field
              label={form.days}
              inputMode="numeric"
              required
              value={String(days)}
              error={wrong('retention')}
              onInput={(text) => change({ retention: { mode: 'keepDays', days: Number(text) } })}
            />
          )}
        </div>
        {problem.value !== undefined && (
          <p class="note bad" role="alert">
            {sentenceOf(problem.value)}
          </p>
        )}
      </form>
    </Dialog>
  )
}
