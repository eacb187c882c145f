/** A password that somebody chooses: typed twice, or made here and shown. */
import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import type { Held } from '../draft.ts'
import { words } from '../words/index.ts'
import { Button } from './button.tsx'
import { Copyable } from './copyable.tsx'
import { Field } from './field.tsx'
import { makePassword } from './made-password.ts'

/** A pattern that this text alone fits, whatever signs are in it. */
const only = (text: string) => Array.from(text, (sign) => `\\u{${sign.codePointAt(0)?.toString(16)}}`).join('')

export function NewPasswordFields({
  label,
  hint,
  ...held
}: Held<string> & { readonly label: string; readonly hint?: ComponentChildren }) {
  const { form } = words.value
  const again = useSignal('')
  const made = useSignal('')
  const isMade = made.value !== '' && made.value === held.value
  return (
    <div class="fields">
      <Field
        label={label}
        type="password"
        required
        autocomplete="new-password"
        isShown={isMade}
        {...(isMade ? { hint: form.keepPassword } : hint === undefined ? {} : { hint })}
        {...held}
      />
      {isMade ? (
        <Copyable label={form.password} text={made.value} />
      ) : (
        <Field
          label={form.onceMore}
          type="password"
          required
          autocomplete="new-password"
          pattern={only(held.value)}
          title={form.sameAgain}
          value={again.value}
          onChange={(value) => {
            again.value = value
          }}
        />
      )}
      <div class="form-do">
        <Button
          icon="key"
          onClick={() => {
            made.value = makePassword()
            held.onChange(made.value)
          }}
        >
          {form.makePassword}
        </Button>
      </div>
    </div>
  )
}
