/** What first imports may bring in an hour: typed in MB, kept by the API in octets. */
import type { Held } from '../draft.ts'
import { words } from '../words/index.ts'
import { Field } from './field.tsx'

const octetsOfMegabyte = 1_000_000

/** The API's value as it is typed. Empty: there is no limit. */
export const megabytesOf = (octets: number | null) => (octets === null ? '' : String(octets / octetsOfMegabyte))

/** The API's value. The form is not sent while what is typed is no number. */
export function octetsIn(megabytes: string): number | null {
  const text = megabytes.trim().replace(',', '.')
  return text === '' ? null : Math.round(Number(text) * octetsOfMegabyte)
}

export function ImportBudget({ hint, ...held }: Held<string> & { readonly hint: string }) {
  const { form } = words.value
  return (
    <Field
      label={form.importBudget}
      hint={hint}
      inputMode="decimal"
      // A comma with three digits behind it would be thousands to some, and a fraction to others.
      pattern="\s*\d{1,6}(\.\d{1,6}|,\d{1,2})?\s*"
      title={form.importBudgetPattern}
      autocomplete="off"
      {...held}
    />
  )
}
