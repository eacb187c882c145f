/** The rows of a message that are one field each: as whom, and about what. */
import { useId } from 'preact/hooks'
import { sending } from '../../words/sending.ts'
import type { Desk } from './beginning.ts'
import type { Writing } from './writing.ts'

export function From({
  desk: { identities },
  value,
  error,
  onChange,
}: {
  readonly desk: Desk
  readonly value: string
  readonly error: string | undefined
  readonly onChange: (identity: string) => void
}) {
  const id = useId()
  const say = sending.value
  const named = ({ name, address, state }: Desk['identities'][number]) => {
    const who = name ? `${name} <${address}>` : address
    return state === 'verified' ? who : say.identity.marked(who)
  }
  const one = identities.find(({ accountId }) => accountId === value)
  return (
    <div class="writer-row">
      <label for={id}>{say.from}</label>
      {identities.length > 1 ? (
        <select
          id={id}
          value={value}
          {...(error === undefined ? {} : { 'aria-invalid': true, 'aria-describedby': `${id}-error` })}
          onChange={({ currentTarget }) => onChange(currentTarget.value)}
        >
          {identities.map((each) => (
            <option key={each.accountId} value={each.accountId}>
              {named(each)}
            </option>
          ))}
        </select>
      ) : (
        <output id={id}>{one === undefined ? '' : named(one)}</output>
      )}
      {error !== undefined && (
        <small id={`${id}-error`} class="error" role="alert">
          {error}
        </small>
      )}
    </div>
  )
}

export function Subject({ of: writing, error }: { readonly of: Writing; readonly error: string | undefined }) {
  const id = useId()
  return (
    <div class="writer-row">
      <label for={id}>{sending.value.subject}</label>
      <input
        id={id}
        type="text"
        maxLength={900}
        value={writing.values.value.subject}
        {...(error === undefined ? {} : { 'aria-invalid': true, 'aria-describedby': `${id}-error` })}
        onKeyDown={(event) => {
          // It goes on to the text; Ctrl+Enter sends.
          if (event.key !== 'Enter' || event.ctrlKey || event.metaKey || event.isComposing) return
          event.preventDefault()
          document.querySelector<HTMLElement>('.text-field')?.focus()
        }}
        onInput={({ currentTarget }) => writing.set({ subject: currentTarget.value })}
      />
      {error !== undefined && (
        <small id={`${id}-error`} class="error" role="alert">
          {error}
        </small>
      )}
    </div>
  )
}
