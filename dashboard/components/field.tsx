/** A field of a form: its name above it, what is wrong with it below it, and said with it. */
import type { ComponentChildren, InputHTMLAttributes } from 'preact'
import { useId } from 'preact/hooks'

/** Those of an input's own attributes that a form here has a use for. */
type Input = Pick<
  InputHTMLAttributes,
  'autocapitalize' | 'autocomplete' | 'inputMode' | 'maxLength' | 'pattern' | 'placeholder' | 'required' | 'spellcheck'
> & { readonly type?: 'text' | 'email' | 'password' }

interface Named {
  readonly label: string
  readonly hint?: ComponentChildren
  readonly error?: string | undefined
}

export function Field({
  label,
  hint,
  error,
  value,
  onInput,
  type = 'text',
  ...rest
}: Named & Input & { readonly value: string; readonly onInput: (value: string) => void }) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
        {...described(id, hint, error)}
        // Preact's types have another input for each type; what is given here all of ours have.
        {...({ ...rest, type } as InputHTMLAttributes)}
      />
      <Notes id={id} hint={hint} error={error} />
    </div>
  )
}

export function Choice<Value extends string>({
  label,
  hint,
  error,
  value,
  options,
  onChoose,
}: Named & {
  readonly value: Value
  readonly options: readonly { readonly value: Value; readonly text: string }[]
  readonly onChoose: (value: Value) => void
}) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        onChange={(event) => onChoose(event.currentTarget.value as Value)}
        {...described(id, hint, error)}
      >
        {options.map(({ value: each, text }) => (
          <option key={each} value={each}>
            {text}
          </option>
        ))}
      </select>
      <Notes id={id} hint={hint} error={error} />
    </div>
  )
}

function described(id: string, hint: ComponentChildren, error: string | undefined) {
  const notes = [...(hint === undefined ? [] : [`${id}-hint`]), ...(error === undefined ? [] : [`${id}-error`])]
  return {
    ...(notes.length === 0 ? {} : { 'aria-describedby': notes.join(' ') }),
    ...(error === undefined ? {} : { 'aria-invalid': true as const }),
  }
}

function Notes({ id, hint, error }: { readonly id: string } & Omit<Named, 'label'>) {
  return (
    <>
      {hint !== undefined && (
        <small id={`${id}-hint`} class="hint">
          {hint}
        </small>
      )}
      {error !== undefined && (
        <small id={`${id}-error`} class="error">
          {error}
        </small>
      )}
    </>
  )
}

/** A few choices side by side, of which one holds. */
export function Segments<Value extends string>({
  label,
  value,
  options,
  onChoose,
}: {
  readonly label: string
  readonly value: Value
  readonly options: readonly { readonly value: Value; readonly text: string }[]
  readonly onChoose: (value: Value) => void
}) {
  return (
    <div class="segments" role="group" aria-label={label}>
      {options.map(({ value: each, text }) => (
        <button key={each} type="button" aria-pressed={each === value} onClick={() => onChoose(each)}>
          {text}
        </button>
      ))}
    </div>
  )
}
