/** Login and password of a hosted mailbox that is to be made. */
import { call } from '../client.ts'
import type { Destination, Problem } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Field } from './field.tsx'
import { mistakeIn } from './wrong.tsx'

export interface Mailbox {
  readonly login: string
  readonly password: string
}

export function MailboxFields({
  mailbox,
  problem,
  onChange,
}: {
  readonly mailbox: Mailbox
  readonly problem: Problem | undefined
  readonly onChange: (mailbox: Mailbox) => void
}) {
  const { welcome: say } = words.value
  return (
    <div class="fields-row">
      <Field
        label={say.login}
        hint={say.loginHint}
        required
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        maxLength={64}
        value={mailbox.login}
        error={mistakeIn(problem, 'login')}
        onInput={(login) => onChange({ ...mailbox, login })}
      />
      <Field
        label={say.password}
        type="password"
        required
        autocomplete="new-password"
        value={mailbox.password}
        error={mistakeIn(problem, 'password')}
        onInput={(password) => onChange({ ...mailbox, password })}
      />
    </div>
  )
}

export async function makeMailbox({ login, password }: Mailbox): Promise<Destination> {
  return await call<Destination>('POST', '/destinations', { kind: 'hosted', login: login.trim(), password })
}

export function destinationName(destination: Destination): string {
  return destination.kind === 'hosted' ? destination.login : `${destination.user} (${destination.host})`
}
