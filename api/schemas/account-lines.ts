/** The lines of an import and of an export of accounts. */
import { type Static, Type } from 'typebox'
import { accountFields, NewAccount } from './accounts.ts'
import { password, strict } from './vocabulary.ts'

/** A line of an import or of an export. */
export const AccountLine = Type.Object(
  {
    ...NewAccount.properties,
    password: Type.Optional(password),
    sealedPassword: Type.Optional(
      Type.String({
        maxLength: 8192,
        description: 'of an export, in place of a password; with the id that stands there',
      }),
    ),
    sealedProxyPassword: Type.Optional(
      Type.String({ maxLength: 8192, description: 'of an export: that of the proxy' }),
    ),
    sealedSmtpPassword: Type.Optional(
      Type.String({ maxLength: 8192, description: 'of an export: that of the SMTP server, where it has its own' }),
    ),
    id: Type.Optional(
      Type.String({ description: 'of an export: what sealedPassword was sealed for. The account gets a new one' }),
    ),
    guarded: Type.Optional(Type.Literal(true, { description: 'of an export: an owner has chosen host and port' })),
    smtpGuarded: Type.Optional(Type.Literal(true, { description: 'the same of the SMTP server' })),
  },
  strict,
)
export type AccountLine = Static<typeof AccountLine>
/** The fields of an account that a line of an export holds unchanged. */
export const accountFieldNames = Object.keys(accountFields) as (keyof typeof accountFields)[]

export const Import = Type.Object(
  { dryRun: Type.Boolean({ default: false, description: 'only tell what would become of each line' }) },
  strict,
)
export const Export = Type.Object(
  {
    destinationId: Type.Optional(Type.String()),
    secrets: Type.Optional(
      Type.Enum(['sealed'], { description: 'sealed: with each password as it is kept; for the admin of the instance' }),
    ),
  },
  strict,
)
