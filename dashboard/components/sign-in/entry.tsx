/** The choice of how Tributary gets in: with a password, or by signing in at the provider. */
import type { Held } from '../../draft.ts'
import type { Application } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { Options } from '../options.tsx'

/** Stands in place of an application's id where nobody signs in. */
export const byPassword = 'password'

export function Entry({ applications, ...held }: Held<string> & { readonly applications: readonly Application[] }) {
  const { signing: say } = words.value
  return (
    <Options
      label={say.how}
      options={[
        { value: byPassword, text: say.withPassword },
        ...applications.map(({ id, provider, clientId, issuer }) => ({
          value: id,
          text: say.signIn(say.providers[provider]),
          hint: `${say.signInHint} ${provider === 'custom' ? (issuer ?? '') : ''} (${clientId})`,
        })),
      ]}
      {...held}
    />
  )
}

/** The fields of the API for this choice. */
export function entryOf(entry: string, password: string) {
  return entry === byPassword ? { password } : { auth: 'oauth2' as const, oauth: { applicationId: entry } }
}
