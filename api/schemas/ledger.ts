/** `/accounts/:id/ledger` on the wire. */
import { type Static, Type } from 'typebox'
import { foreignStateFormats } from '../../src/ledger/foreign-state.ts'
import { like, orNull, strict } from './vocabulary.ts'

export const LedgerImport = Type.Object(
  { format: Type.Enum([...foreignStateFormats], { description: 'the program that wrote the file' }) },
  strict,
)
export const Imported = Type.Object({
  imported: Type.Integer({ description: 'UIDLs that the ledger did not know; what is imported twice is one' }),
  listed: orNull(
    Type.Integer(like(50)),
    'messages in the maildrop whose UIDL is in the file; null: the provider could not be asked',
  ),
  notice: orNull(Type.String(), 'what to know before the account is resumed, one or two sentences'),
})
export type Imported = Static<typeof Imported>
