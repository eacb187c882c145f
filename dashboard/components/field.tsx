/** A field of a form, with its name above it and what is wrong with it below it. Screen readers read both with the field. */
import { useSignal } from '@preact/signals'
import type { ComponentChildren, InputHTMLAttributes } from 'preact'
import { useId } from 'preact/hooks'
import type { Held } from '../draft.ts'
import type { Told } from '../mistakes.ts'
import { words } from '../words/index.ts'
import { Icon } from './icon.tsx'
import { InWords } from './in-words.tsx'

/** The attributes of an input that forms here use. */
type Input = Pick<
  InputHTMLAttributes,
  | 'autocapitalize'
  | 'autocomplete'
  | 'disabled'
  | 'inputMode'
  | 'maxLength'
  | 'pattern'
  | 'placeholder'
  | 'required'
  | 'spellcheck'
  | 'title'
> & { readonly type?: 'text' | 'email' | 'password' }

interface Named {
  readonly label: string
  readonly hint?: ComponentChildren
}

/** The options of a choice; exactly one is chosen. */
export interface Choosing<Value extends string> extends Held<Value> {
  readonly label: string
  readonly options: readonly { readonly value: Value; readonly text: string }[]
}

export function Field({
  label,
  hint,
  error,
  value,
  onChange,
  type = 'text',
  isShown,
  ...rest
}: Named &
  Input &
  Held<string> & {
    /** Whether a password is shown as it is, such as one that was made just now. */ readonly isShown?: boolean
  }) {
  const id = useId()
  const shows = useSignal(false)
  const isSecret = type === 'password'
  const isRead = isSecret && (isShown === true || shows.value)
  const { common } = words.value
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class={isSecret && isShown !== true ? 'secret-field' : ''}>
        <input
          id={id}
          value={value}
          onInput={(event) => onChange(event.currentTarget.value)}
          {...described(id, hint, error)}
          // Preact's types have another input for each `type`; all inputs here have the attributes that are given.
          {...({ ...rest, type: isRead ? 'text' : type } as InputHTMLAttributes)}
          {...(isRead ? { autocapitalize: 'none', spellcheck: false } : {})}
        />
        {isSecret && isShown !== true && (
          <button
            type="button"
            class="icon-button"
            aria-label={common.showTyped}
            title={common.showTyped}
            aria-pressed={shows.value}
            onClick={() => {
              shows.value = !shows.value
            }}
          >
            <Icon name={shows.value ? 'unseen' : 'seen'} />
          </button>
        )}
      </div>
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
  onChange,
}: Named & Choosing<Value>) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value as Value)}
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

function described(id: string, hint: ComponentChildren, error: Told | undefined) {
  const notes = [...(hint === undefined ? [] : [`${id}-hint`]), ...(error === undefined ? [] : [`${id}-error`])]
  return {
    ...(notes.length === 0 ? {} : { 'aria-describedby': notes.join(' ') }),
    ...(error === undefined ? {} : { 'aria-invalid': true as const }),
  }
}

function Notes({
  id,
  hint,
  error,
}: {
  readonly id: string
  readonly hint: ComponentChildren
  readonly error: Told | undefined
}) {
  return (
    <>
      {hint !== undefined && (
        <small id={`${id}-hint`} class="hint">
          {hint}
        </small>
      )}
      {error !== undefined && (
        <small id={`${id}-error`} class="error">
          <InWords told={error} />
        </small>
      )}
    </>
  )
}

export function Check({ label, value, onChange }: Held<boolean> & { readonly label: string }) {
  return (
    <label class="check">
      <input type="checkbox" checked={value} onChange={(event) => onChange(event.currentTarget.checked)} />
      {label}
    </label>
  )
}

/** Shows a few choices side by side; exactly one is chosen. */
export function Segments<Value extends string>({ label, value, options, onChange }: Choosing<Value>) {
  return (
    <div class="segments" role="group" aria-label={label}>
      {options.map(({ value: each, text }) => (
        <button key={each} type="button" aria-pressed={each === value} onClick={() => onChange(each)}>
          {text}
        </button>
      ))}
    </div>
  )
}
