/** The fields for login and password of a new hosted mailbox. */
import { call } from '../client.ts'
import type { Held } from '../draft.ts'
import type { Destination } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Field } from './field.tsx'
import { NewPasswordFields } from './new-password.tsx'

export function MailboxFields({ login, password }: { readonly login: Held<string>; readonly password: Held<string> }) {
  const { welcome: say } = words.value
  return (
    <>
      <Field
        label={say.login}
        hint={say.loginHint}
        required
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        pattern="\s*[A-Za-z0-9._@\-]{1,64}\s*"
        title={say.loginHint}
        {...login}
      />
      <NewPasswordFields label={say.password} {...password} />
    </>
  )
}

export async function makeMailbox(login: string, password: string): Promise<Destination> {
  return await call<Destination>('POST', '/destinations', { kind: 'hosted', login: login.trim(), password })
}

export function destinationName(destination: Destination): string {
  return destination.kind === 'hosted' ? destination.login : `${destination.user} (${destination.hostUnicode})`
}
