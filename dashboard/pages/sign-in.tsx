import { Button } from '../components/button.tsx'
import { Field } from '../components/field.tsx'
import { Form } from '../components/form.tsx'
import { Logo } from '../components/icon.tsx'
import { sentenceOf } from '../components/states.tsx'
import { useDraft } from '../draft.ts'
import { signIn } from '../session.ts'
import { words } from '../words/index.ts'

export function SignIn() {
  const { signIn: say } = words.value
  const draft = useDraft(
    { login: '', password: '' },
    async ({ login, password }) => await signIn(login.trim(), password),
  )
  return (
    <main class="alone">
      <Form draft={draft} class="sign-in">
        <p class="brand">
          <Logo />
          Tributary
        </p>
        <h1>{say.title}</h1>
        <p class="page-lead">{say.lead}</p>
        <Field
          label={say.login}
          hint={say.loginHint}
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          {...draft.of('login')}
        />
        <Field
          label={say.password}
          {...(draft.values.login === '' ? { hint: say.passwordHint } : {})}
          type="password"
          required
          autocomplete="current-password"
          {...draft.of('password')}
        />
        {draft.problem !== undefined && (
          <p class="note bad" role="alert">
            {draft.problem.status === 401 ? say.wrong : sentenceOf(draft.problem)}
          </p>
        )}
        <Button kind="main" type="submit" busy={draft.busy}>
          {say.submit}
        </Button>
        <details>
          <summary>{say.firstTime}</summary>
          <p>{say.firstTimeHint}</p>
        </details>
      </Form>
    </main>
  )
}
