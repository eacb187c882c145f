/** The parts of which the rules for the records of a backup are made (backup-records.ts). */
import { type TSchema, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { hasTooManyParts } from '../src/redis/backup-entry.ts'

/** What is wrong, in words that follow "in line 7 stands"; undefined: nothing is. */
export type Rule = (value: string, field: string) => string | undefined

export const no = (what: string, why = '') => (why === '' ? `no ${what}` : `no ${what}: ${why}`)
const idForm = '^[0-9A-Z]{26}$'
export const id = Type.String({ pattern: idForm })
export const orNull = (schema: TSchema) => Type.Union([schema, Type.Null()])
/** What a Date takes. */
export const ms = Type.Number({ minimum: 0, maximum: 8.64e15 })
export const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
export const text = (maxLength: number) => Type.String({ maxLength })
export const sealed = orNull(text(65_536))
export const failure = Type.Object({ kind: text(100), message: text(10_000), cause: Type.Optional(text(100)) })

/** A record as JSON. `more` says what no schema can. */
export function json(
  what: string,
  schema: TSchema,
  more: (value: never, field: string) => string | undefined = () => undefined,
): Rule {
  const form = Compile(schema)
  return (value, field) => {
    if (hasTooManyParts(value)) return no(what, 'it has too many parts')
    const read = jsonIn(value)
    if (!form.Check(read)) {
      const [wrong] = form.Errors(read)
      return no(what, `${wrong?.instancePath || 'it'} ${wrong?.message ?? 'is wrong'}`)
    }
    const why = more(read as never, field)
    return why === undefined ? undefined : no(what, why)
  }
}

export function jsonIn(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}

export function pattern(what: string, form: RegExp): Rule {
  return (value) => (form.test(value) ? undefined : no(what))
}

/** @param reads gives undefined, or throws, for what it cannot read. */
export function readBy(what: string, reads: (value: string, field: string) => unknown): Rule {
  return (value, field) => {
    try {
      return reads(value, field) === undefined ? no(what) : undefined
    } catch {
      return no(what)
    }
  }
}
