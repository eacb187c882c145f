/** A field for people: whoever was named is a chip, which can be changed and removed; what is typed or pasted becomes chips. */
import { useSignal } from '@preact/signals'
import { useEffect, useId, useRef } from 'preact/hooks'
import { Icon } from '../../components/icon.tsx'
import { sending } from '../../words/sending.ts'
import { type Addressee, addresseesIn, faultOf, keyOf, networkName, written } from './addresses.ts'

export function PeopleField({
  label,
  people,
  error,
  hasFocus = false,
  onChange,
}: {
  readonly label: string
  readonly people: readonly Addressee[]
  /** What the API, or the page, says is wrong with them. */
  readonly error?: string | undefined
  readonly hasFocus?: boolean
  readonly onChange: (people: readonly Addressee[]) => void
}) {
  const say = sending.value
  const id = useId()
  const typed = useSignal('')
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (hasFocus) input.current?.focus({ preventScroll: true })
  }, [])
  const take = (text: string): boolean => {
    const found = addresseesIn(text)
    typed.value = ''
    if (found.length === 0) return false
    const named = new Set(people.map(keyOf))
    onChange([...people, ...found.filter((one) => !named.has(keyOf(one)) && named.add(keyOf(one)))])
    return true
  }
  const without = (one: Addressee) => people.filter((other) => other !== one)
  const edit = (one: Addressee) => {
    const rest = without(one)
    const more = addresseesIn(typed.value)
    onChange([...rest, ...more])
    typed.value = written(one)
    input.current?.focus()
  }
  const wrong = people.find(({ address }) => faultOf(address) !== undefined)
  const fault = wrong === undefined ? undefined : faultOf(wrong.address)
  const told = wrong !== undefined && fault !== undefined ? say.faults[fault](wrong.address) : error
  return (
    <div class="people-field" role="group" aria-labelledby={`${id}-label`}>
      <label id={`${id}-label`} for={id}>
        {label}
      </label>
      <div
        class="people"
        onMouseDown={(event) => {
          if (event.target !== event.currentTarget) return
          event.preventDefault()
          input.current?.focus()
        }}
      >
        {people.length > 0 && (
          <ul>
            {people.map((one) => (
              <Chip
                key={keyOf(one)}
                of={one}
                onEdit={() => edit(one)}
                onRemove={() => {
                  onChange(without(one))
                  input.current?.focus()
                }}
              />
            ))}
          </ul>
        )}
        <input
          ref={input}
          id={id}
          type="text"
          inputMode="email"
          autocapitalize="none"
          autocomplete="email"
          spellcheck={false}
          value={typed.value}
          {...(told === undefined ? {} : { 'aria-invalid': true, 'aria-describedby': `${id}-error` })}
          onInput={({ currentTarget: { value } }) => {
            typed.value = value
            // A separator ends what it stands behind, unless it stands in a name in quotes.
            if (/[,;]\s*$/.test(value) && (value.match(/"/g)?.length ?? 0) % 2 === 0 && value.includes('@')) take(value)
          }}
          onPaste={(event) => {
            const text = event.clipboardData?.getData('text/plain') ?? ''
            if (addresseesIn(text).length < 2 && !/[<\n]/.test(text)) return
            event.preventDefault()
            take(`${typed.value}${text}`)
          }}
          onKeyDown={(event) => {
            if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return
            const last = people.at(-1)
            if (event.key === 'Enter') {
              event.preventDefault()
              take(typed.value)
            } else if (event.key === 'Backspace' && typed.value === '' && last !== undefined) {
              event.preventDefault()
              edit(last)
            }
          }}
          onBlur={() => take(typed.value)}
        />
      </div>
      {told !== undefined && (
        <small id={`${id}-error`} class="error" role="alert">
          {told}
        </small>
      )}
    </div>
  )
}

function Chip({
  of: one,
  onEdit,
  onRemove,
}: {
  readonly of: Addressee
  readonly onEdit: () => void
  readonly onRemove: () => void
}) {
  const say = sending.value
  const { name, address } = one
  const network = networkName(one)
  const isWrong = faultOf(address) !== undefined
  return (
    <li class={`chip${isWrong ? ' wrong' : ''}`}>
      <button type="button" class="chip-name" title={say.change(written(one))} onClick={onEdit}>
        {isWrong && <Icon name="warning" />}
        <span>{name ?? address}</span>
        {network !== undefined && <span class="quiet"> ({network})</span>}
      </button>
      <button type="button" class="chip-remove" aria-label={say.remove(name ?? address)} onClick={onRemove}>
        <Icon name="close" />
      </button>
    </li>
  )
}
