/** The shapes from which all kinds of answers are built. */
import type { Readable } from 'node:stream'
import { type Static, type TSchema, Type } from 'typebox'
import { mistakeRules } from '../../src/account/mistake.ts'
import { problemTypes, requestParts } from '../http/problems.ts'
import { like, orNull } from './vocabulary.ts'

/** An answer that is not JSON but has the type that `produces` names. */
export const File = Type.Unsafe<Buffer | Readable>({ type: 'string', format: 'binary', description: 'The file' })

export const Nothing = Type.Unsafe<void>(Type.Null({ description: 'No content' }))

export const listOf = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), next: orNull(Type.String(like('MDFKREYzUTRaSzVXOFQ3UjZQOU4yTTFIMEc'))) })

/** A problem of RFC 9457; problems.ts says what each type means. */
export const ProblemShape = Type.Object({
  type: Type.Enum(Object.keys(problemTypes).map((type) => `/problems/${type}`)),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String({ description: 'what happened, to whom, and what to do next' }),
  errors: Type.Optional(
    Type.Array(
      Type.Object({
        in: Type.Enum([...requestParts]),
        pointer: Type.String({ description: 'JSON pointer into that part (RFC 6901)' }),
        detail: Type.String(),
        rule: Type.Optional(
          Type.Enum([...mistakeRules], {
            description: 'what kind of mistake it is, where there is a name for it; more kinds may come',
          }),
        ),
        limit: Type.Optional(Type.Number({ description: 'the bound that a length, a count or a value is beyond' })),
      }),
    ),
  ),
})
export type ProblemShape = Static<typeof ProblemShape>
