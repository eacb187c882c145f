import { useSignal } from '@preact/signals'
import { problemOf } from '../client.ts'
import { Button } from '../components/button.tsx'
import { Field } from '../components/field.tsx'
import { Logo } from '../components/icon.tsx'
import { sentenceOf } from '../components/states.tsx'
import { signIn } from '../session.ts'
import { words } from '../words/index.ts'

export function SignIn() {
  const { signIn: say } = words.value
  const login = useSignal('')
  const password = useSignal('')
  const busy = useSignal(false)
  const wrong = useSignal<string | undefined>(undefined)
  const submit = async () => {
    busy.value = true
    wrong.value = undefined
    try {
      await signIn(login.value.trim(), password.value)
    } catch (error) {
      const problem = problemOf(error)
      wrong.value = problem.status === 401 ? say.wrong : sentenceOf(problem)
    } finally {
      busy.value = false
    }
  }
  return (
    <main class="alone">
      <form
        class="sign-in"
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <p class="brand">
          <Logo />
          Tributary
        </p>
        <h1>{say.title}</h1>
        <p class="page-lead">{say.lead}</p>
        <Field
          label={say.login}
          hint={say.loginHint}
          value={login.value}
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          onInput={(value) => {
            login.value = value
          }}
        />
        <Field
          label={say.password}
          {...(login.value === '' ? { hint: say.passwordHint } : {})}
          type="password"
          required
          autocomplete="current-password"
          value={password.value}
          onInput={(value) => {
            password.value = value
          }}
        />
        {wrong.value !== undefined && (
          <p class="note bad" role="alert">
            {wrong.value}
          </p>
        )}
        <Button kind="main" type="submit" busy={busy.value}>
          {say.submit}
        </Button>
        <details>
          <summary>{say.firstTime}</summary>
          <p>{say.firstTimeHint}</p>
        </details>
      </form>
    </main>
  )
}
