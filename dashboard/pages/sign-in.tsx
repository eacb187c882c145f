/** Signs somebody in. Where nobody ever has, it asks for the token alone, and says where that lies. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Button } from '../components/button.tsx'
import { Copyable } from '../components/copyable.tsx'
import { Field } from '../components/field.tsx'
import { Form } from '../components/form.tsx'
import { Logo } from '../components/icon.tsx'
import { Skeleton, sentenceOf } from '../components/states.tsx'
import { useDraft } from '../draft.ts'
import { signIn, waysIn } from '../session.ts'
import type { SignInWays } from '../shapes.ts'
import { words } from '../words/index.ts'

export function SignIn({ isLinkOver }: { readonly isLinkOver: boolean }) {
  const { signIn: say } = words.value
  const ways = useSignal<SignInWays | undefined>(undefined)
  useEffect(() => {
    void waysIn().then((known) => {
      ways.value = known
    })
  }, [])
  return (
    <main class="alone">
      <div class="sign-in">
        <p class="brand">
          <Logo />
          Tributary
        </p>
        <h1>{say.title}</h1>
        <p class="page-lead">{say.lead}</p>
        {isLinkOver && (
          <p class="note warning" role="alert">
            {say.linkOver}
          </p>
        )}
        {ways.value === undefined ? <Skeleton lines={3} /> : <Desk ways={ways.value} />}
      </div>
    </main>
  )
}

/** A token in the field of a login: no login is as long and has capital letters. */
const isToken = (login: string) => /^[\w-]{40,}$/.test(login.trim())

function Desk({ ways: { first, tokenFile } }: { readonly ways: SignInWays }) {
  const { signIn: say } = words.value
  /** Whether the token alone is asked for. */
  const byToken = useSignal(first)
  const misplaced = useSignal(false)
  const draft = useDraft({ login: '', password: '' }, async ({ login, password }) => {
    misplaced.value = isToken(login)
    if (!misplaced.value) await signIn(login.trim(), password)
  })
  const { problem, values } = draft
  useEffect(() => document.querySelector<HTMLInputElement>('.sign-in input')?.focus(), [byToken.value])
  const wrong = misplaced.value ? say.tokenInLogin : problem === undefined ? undefined : wordsOf(problem.status)
  return (
    <Form draft={draft}>
      {byToken.value ? (
        <>
          <TokenPlace file={tokenFile} />
          <Field
            label={say.token}
            type="password"
            required
            autocomplete="current-password"
            spellcheck={false}
            {...draft.of('password')}
          />
        </>
      ) : (
        <>
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
            {...(values.login === '' ? { hint: say.passwordHint } : {})}
            type="password"
            required
            autocomplete="current-password"
            {...draft.of('password')}
          />
        </>
      )}
      {wrong !== undefined && (
        <p class="note bad" role="alert">
          {wrong}
        </p>
      )}
      <Button kind="main" type="submit" busy={draft.busy}>
        {say.submit}
      </Button>
      {byToken.value ? (
        <Button
          onClick={() => {
            byToken.value = false
          }}
        >
          {say.byMailbox}
        </Button>
      ) : (
        <details>
          <summary>{say.firstTime}</summary>
          <TokenPlace file={tokenFile} />
        </details>
      )}
    </Form>
  )

  function wordsOf(status: number): string {
    if (status !== 401) return problem === undefined ? '' : sentenceOf(problem)
    return byToken.value ? say.wrongToken : say.wrong
  }
}

/** Where the first token lies. The API tells the path on its own machine alone. */
function TokenPlace({ file }: { readonly file: string | null }) {
  const { signIn: say } = words.value
  if (file === null) return <p class="quiet">{say.firstTimeHint}</p>
  return (
    <div class="token-place">
      <p class="quiet">{say.tokenLies}</p>
      <Copyable
        label={say.tokenCommand}
        text={`cat ${/^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", `'\\''`)}'`}`}
      />
    </div>
  )
}
