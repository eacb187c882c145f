/** One field for the password that its provider takes now: it is tried, and saved when it works. */
import { useSignal } from '@preact/signals'
import { call } from '../client.ts'
import { Button } from './button.tsx'
import { Field } from './field.tsx'
import { Form, Wrong } from './form.tsx'
import { tell } from './toast.tsx'
import { useDraft } from '../draft.ts'
import { follow } from '../live.ts'
import { learn } from '../roster.ts'
import type { Account, Examination, Run } from '../shapes.ts'
import { words } from '../words/index.ts'
import { stepSentence } from '../words/steps.ts'

export function PasswordAnew({ account: { id }, onEdit }: { readonly account: Account; readonly onEdit: () => void }) {
  const { edit: say, form, failures, steps } = words.value
  const tested = useSignal<Examination | undefined>(undefined)
  const save = async (password: string) => {
    learn([await call<Account>('PATCH', `/accounts/${id}`, { password })])
    follow(await call<Run>('POST', `/accounts/${id}/pull`))
  }
  const draft = useDraft({ password: '' }, async ({ password }) => {
    tested.value = undefined
    const seen = await call<Examination>('POST', `/accounts/${id}/test`, { password })
    if (!seen.ok) tested.value = seen
    else {
      await save(password)
      tell(say.passwordWorks)
    }
  })
  const failure = tested.value?.failure ?? null
  const step = tested.value?.step
  return (
    <Form draft={draft} class="password-anew">
      <Field
        label={form.password}
        type="password"
        required
        autocomplete="off"
        {...draft.of('password')}
        onChange={(password) => {
          tested.value = undefined
          draft.set({ password })
        }}
      />
      {failure !== null && (
        <div class="note bad" role="alert">
          <p>
            <strong>{say.notSaved}</strong> {failures[failure.kind].title}.{' '}
            {step === undefined ? failures[failure.kind].advice : stepSentence(steps, step)}
          </p>
          {/* The API's words, and the server's. */}
          <p class="callout-said" lang="en">
            {failure.message}
          </p>
        </div>
      )}
      <Wrong draft={draft} />
      <div class="form-do">
        <Button kind="main" type="submit" busy={draft.busy}>
          {say.saveAndCheck}
        </Button>
        {failure !== null && (
          <Button onClick={() => void draft.run(async () => await save(draft.values.password))}>
            {say.saveAnyway}
          </Button>
        )}
        <Button onClick={onEdit}>{say.otherSettings}</Button>
        <span class="quiet" role="status">
          {draft.busy ? words.value.welcome.testing : ''}
        </span>
      </div>
    </Form>
  )
}
