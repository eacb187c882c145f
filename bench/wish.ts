/** Reads from the command line what a bench is to do: `--NAME VALUE` for each field of its usual wish. */
import { parseArgs } from 'node:util'

type Field = number | string | boolean | readonly string[]

interface Wished<Wish> {
  readonly wish: Wish
  /** `--said`: what the workers wrote is shown. */
  readonly showsSaid: boolean
}

/** @param usual what is done where nothing else is said: each value tells how its option is read. */
export function wishLike<Wish extends object>(usual: Wish): Wished<Wish> {
  const fields = Object.entries(usual) as [string, Field][]
  const flag = { type: 'boolean' } as const
  const options = fields.map(([field, value]) => [
    optionOf(field),
    typeof value === 'boolean' ? flag : { type: 'string' as const },
  ])
  const parsed = parseArgs({ options: { said: flag, ...Object.fromEntries(options) } })
  const values: Readonly<Record<string, unknown>> = parsed.values
  const wish = fields.map(([field, value]) => [field, read(optionOf(field), values[optionOf(field)], value)])
  return { wish: Object.fromEntries(wish) as Wish, showsSaid: values['said'] === true }
}

/** `--healthy-servers` for `healthyServers`; an interval has its unit in the code alone. */
function optionOf(field: string): string {
  return field === 'intervalSeconds' ? 'interval' : field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function read(option: string, given: unknown, usual: Field): Field {
  if (typeof given === 'boolean') return given
  if (typeof given !== 'string') return usual
  if (typeof usual === 'object') return given.split(',')
  if (typeof usual === 'string') return given
  if (!/^\d+$/.test(given)) throw new Error(`--${option} takes a number, not ${given}.`)
  return Number(given)
}
