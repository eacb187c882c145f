/** `/accounts/:id/ledger` on the wire. */
import { type Static, Type } from 'typebox'
import { foreignStateFormats } from '../../src/ledger/foreign-state.ts'
import { strict } from './vocabulary.ts'

export const LedgerImport = Type.Object(
  { format: Type.Enum([...foreignStateFormats], { description: 'the program that wrote the file' }) },
  strict,
)
export const Imported = Type.Object({
  imported: Type.Integer({ description: 'UIDLs that the ledger did not know; what is imported twice is one' }),
})
export type Imported = Static<typeof Imported>
