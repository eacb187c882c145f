import { call } from '../../client.ts'
import { Button } from '../../components/button.tsx'
import { Field } from '../../components/field.tsx'
import { Form, Wrong } from '../../components/form.tsx'
import { Section } from '../../components/page.tsx'
import { tell } from '../../components/toast.tsx'
import { useDraft } from '../../draft.ts'
import { words } from '../../words/index.ts'
import { settings } from '../../words/settings.ts'

export function AdminPassword() {
  const { value: say } = settings
  const { form, common } = words.value
  const draft = useDraft({ password: '' }, async (body) => {
    await call('PUT', '/session/password', body)
    draft.set({ password: '' })
    tell(say.passwordSet)
  })
  return (
    <Section title={say.adminPassword}>
      <Form draft={draft}>
        <p class="quiet">{say.adminPasswordHint}</p>
        <Field
          label={form.password}
          hint={say.adminPasswordLength}
          type="password"
          required
          pattern=".{12,}"
          title={say.adminPasswordLength}
          autocomplete="new-password"
          {...draft.of('password')}
        />
        <Wrong draft={draft} />
        <div class="form-do">
          <Button type="submit" busy={draft.busy}>
            {common.save}
          </Button>
        </div>
      </Form>
    </Section>
  )
}
