/** Choices with a sentence each; exactly one is chosen. */
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import type { Held } from '../draft.ts'

interface Option<Value extends string> {
  readonly value: Value
  readonly text: string
  readonly hint?: ComponentChildren
}

export function Options<Value extends string>({
  label,
  value,
  options,
  onChange,
}: Held<Value> & { readonly label: string; readonly options: readonly Option<Value>[] }) {
  const name = useId()
  return (
    <fieldset class="options">
      <legend>{label}</legend>
      {options.map(({ value: each, text, hint }) => (
        <label key={each} class="option">
          <input type="radio" name={name} value={each} checked={each === value} onChange={() => onChange(each)} />
          <span class="option-text">{text}</span>
          {hint !== undefined && <small>{hint}</small>}
        </label>
      ))}
    </fieldset>
  )
}

/** Choices of which any number may be chosen. */
export function Checks<Value extends string>({
  label,
  value: chosen,
  options,
  onChange,
}: Held<readonly Value[]> & { readonly label: string; readonly options: readonly Option<Value>[] }) {
  const change = (value: Value) =>
    onChange(options.map((option) => option.value).filter((each) => chosen.includes(each) !== (each === value)))
  return (
    <fieldset class="options plain">
      <legend>{label}</legend>
      {options.map(({ value, text, hint }) => (
        <label key={value} class="option">
          <input type="checkbox" checked={chosen.includes(value)} onChange={() => change(value)} />
          <span class="option-text">{text}</span>
          {hint !== undefined && <small>{hint}</small>}
        </label>
      ))}
    </fieldset>
  )
}
