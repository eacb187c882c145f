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
export type Run = Static<typeof schemas.Run> & {
  /** While it runs: how many of the messages that it set out for have come. */
  readonly fetched?: { readonly messages: number; readonly of: number } | null
}
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
    readonly note: string | null
  }[]
  readonly note: string | null
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

export type Token = Static<typeof schemas.Token>
export type MadeToken = Static<typeof schemas.MadeToken>

/** `GET /webhooks` */
export interface Webhook {
  readonly id: string
  readonly url: string
  readonly events: readonly string[]
  readonly status: 'ok' | 'failing' | 'disabled'
  readonly reason: string | null
  readonly lastDeliveredAt: string | null
}

/** `POST /webhooks` */
export interface MadeWebhook extends Webhook {
  readonly secret: string
}

/** `GET /webhooks/:id/deliveries` */
export interface Delivery {
  readonly id: string
  readonly type: string
  readonly timestamp: string
  readonly state: string
  readonly attempts: number
  readonly answer: { readonly status: number | null; readonly text: string } | null
}

/** `GET /keys` */
export interface Keys {
  readonly items: readonly {
    readonly id: string
    readonly createdAt: string | null
    readonly state: 'sealing' | 'opening' | 'missing'
    readonly records: number
  }[]
  readonly resealing: boolean
}

/** `GET /stats` */
export interface Stats {
  readonly accounts: { readonly total: number; readonly byStatus: Readonly<Record<string, number>> }
  readonly destinations: { readonly total: number; readonly paused: number }
  readonly runs: { readonly running: number; readonly waiting: number }
  readonly mail: { readonly hours: readonly MailSpan[]; readonly days: readonly MailSpan[] }
  readonly health: { readonly redis: PartHealth; readonly store: PartHealth; readonly workers: number }
}
interface MailSpan {
  readonly at: string
  readonly messages: number
  readonly bytes: number
  readonly runs: number
  readonly failed: number
}
interface PartHealth {
  readonly ok: boolean
  readonly detail: string | null
}

/** `GET /audit` */
export interface AuditEntry {
  readonly id: string
  readonly at: string
  readonly who: { readonly id: string; readonly name: string }
  readonly from: string
  readonly method: string
  readonly path: string
  readonly status: number
  readonly changed: readonly string[]
}
