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
      {entry === byPassword && !isClosed && (
        <Field
          label={say.accountPassword}
          hint={say.accountPasswordHint}
          type="password"
          required
          autocomplete="off"
          {...draft.of('password')}
        />
      )}
    </>
  )
}
