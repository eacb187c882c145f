/** The fields for address and password. Nothing else has to be typed if the server is found. */
import { Field } from '../../components/field.tsx'
import { byPassword } from '../../components/sign-in/entry.tsx'
import { words } from '../../words/index.ts'
import type { Adding } from './new-account.ts'

export function Credentials({ adding: { draft, isClosed } }: { readonly adding: Adding }) {
  const { form, welcome: say } = words.value
  const { address, user, entry } = draft.values
  return (
    <>
      <Field
        label={form.address}
        type="email"
        required
        autocomplete="email"
        {...draft.of('address')}
        // If the user is left empty, it is the address.
        onChange={(value) => draft.set({ address: value, user: user === address.trim() ? '' : user })}
      />
      {/* Where none is taken it keeps its place, so that nothing moves under the pointer when that is found out. */}
      <Field
        label={say.accountPassword}
        hint={say.accountPasswordHint}
        type="password"
        required
        disabled={entry !== byPassword || isClosed}
        autocomplete="off"
        {...draft.of('password')}
      />
    </>
  )
}
