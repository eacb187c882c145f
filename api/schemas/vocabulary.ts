/**
 * The parts from which the shapes on the wire are built. Each other file in this folder holds the shapes of one resource, once:
 * types, validation, serialisation and OpenAPI are made from them (CONTRACT).
 */
import { type TSchema, Type } from 'typebox'
import { tlsModes } from '../../src/account/account.ts'
import { newsTypes } from '../../src/news/news.ts'

export const strict = { additionalProperties: false } as const
/** The example that the documentation shows for a field. An object without one shows the examples of its fields. */
export const like = <T>(example: T) => ({ examples: [example] })
export const example = {
  id: '01JDF3Q4ZK5W8T7R6P9N2M1H0G',
  password: 'correct horse battery staple',
  fingerprint: '5f'.repeat(32),
}
export const orNull = <T extends TSchema>(schema: T, description?: string) =>
  Type.Union([schema, Type.Null()], description === undefined ? {} : { description })

export const id = Type.String({ description: 'ULID', ...like(example.id) })
export const time = Type.String({
  description: 'ISO 8601, UTC, with milliseconds',
  ...like('2026-11-24T08:30:00.000Z'),
})
/** Says that a text may be more than one line (http/text.ts). It is no `format`: that would be asked of answers, too. */
export const whole = { 'x-text': 'whole' } as const
/** One line (http/text.ts). */
export const text = (maxLength: number, shown: string) => Type.String({ minLength: 1, maxLength, ...like(shown) })
/** A text that other rules look at, or that nobody shows: a secret may hold control characters. */
export const wholeText = (maxLength: number, shown: string) =>
  Type.String({ minLength: 1, maxLength, ...whole, ...like(shown) })
export const count = Type.Integer({ minimum: 0 })

/** White space around it is taken, and its rules are those of an account (src/account/account.ts). */
export const address = wholeText(320, 'me@example.net')
/** White space around it, and letters that become longer as A-labels, are taken: src/account/host.ts has the rules. */
export const host = (shown: string) => wholeText(300, shown)
export const hostUnicode = Type.String({
  description: 'the host as people write it: letters in place of xn--',
  ...like('pop.example.net'),
})
export const port = (shown: number) => Type.Integer({ minimum: 1, maximum: 65535, ...like(shown) })
export const tls = Type.Enum([...tlsModes])
export const tlsVerify = Type.Boolean()
export const tlsFingerprint = orNull(
  Type.String({ pattern: '^([0-9A-Fa-f]{2}:?){32}$', ...like(example.fingerprint) }),
  'the SHA-256 of a certificate, 64 hex digits, or null',
)
/** Without CR, LF and NUL; that is told beside the other mistakes of a login. */
export const user = wholeText(512, 'me')
export const password = wholeText(1024, example.password)
export const events = Type.Array(Type.Enum([...newsTypes]), {
  minItems: 1,
  uniqueItems: true,
  maxItems: newsTypes.length,
})

export const importBytesPerHour = orNull(
  Type.Integer({ minimum: 1, maximum: 1_000_000_000_000, ...like(20_000_000) }),
  'the octets that first imports may bring in an hour; null: as many as there are. It holds up no mail that has come since an import began',
)
