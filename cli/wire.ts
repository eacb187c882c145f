/** What the API sends: its own schemas, as types. */
import type { Static } from 'typebox'
import type * as schemas from '../api/schemas.ts'

export type Account = Static<typeof schemas.Account>
export type NewAccount = schemas.NewAccount
export type AccountPatch = schemas.AccountPatch
export type Destination = Static<typeof schemas.Destination>
export type NewDestination = schemas.NewDestination
export type Examination = Static<typeof schemas.Examination>
export type QuarantineEntry = Static<typeof schemas.QuarantineEntry>
export type Run = Static<typeof schemas.Run>
export type Restored = Static<typeof schemas.Restored>
export type Imported = Static<typeof schemas.Imported>

/** `GET /discover` */
export interface Candidates {
  readonly candidates: readonly {
    readonly host: string
    readonly port: number
    readonly tls: Account['tls']
    readonly user: string
    readonly source: string
  }[]
}

/** `GET /runs/:id/messages` */
export interface ArrivedMessage {
  readonly storedAt: string
  readonly from: string | null
  readonly subject: string | null
  readonly date: string | null
  readonly size: number
  readonly folder: string
  readonly uid: number | null
}

/** `GET /runs/:id/transcript` */
export interface Transcript {
  readonly lines: readonly { readonly at: string; readonly side: 'client' | 'server' | 'note'; readonly text: string }[]
  readonly truncated: boolean
}
