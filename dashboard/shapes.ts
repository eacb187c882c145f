/** What the API answers, as its schemas have it: the one door to the rest of the project, and for types alone. */
import type { Static } from 'typebox'
import type * as schemas from '../api/schemas.ts'

export type { AccountPatch, NewAccount, NewDestination } from '../api/schemas.ts'
export type Account = Static<typeof schemas.Account>
export type AccountStatus = Account['status']
export type Connection = Static<typeof schemas.Connection>
export type Usage = Static<typeof schemas.Usage>
export type Token = Static<typeof schemas.Token>
export type MadeToken = Static<typeof schemas.MadeToken>
export type Webhook = Static<typeof schemas.Webhook>
export type WebhookWithSecret = Static<typeof schemas.WebhookWithSecret>
export type News = Webhook['events'][number]
export type Delivery = Static<typeof schemas.Delivery>
export type Notice = Static<typeof schemas.Notice>
export type Keys = Static<typeof schemas.Keys>
export type InstanceSettings = Static<typeof schemas.SettingsShape>
export type AuditEntry = Static<typeof schemas.AuditEntry>
export type Destination = Static<typeof schemas.Destination>
export type Discovered = Static<typeof schemas.Discovered>
export type Candidate = Discovered['candidates'][number]
export type Examination = Static<typeof schemas.Examination>
export type QuarantineEntry = Static<typeof schemas.QuarantineEntry>
export type Run = Static<typeof schemas.Run>
export type FailureKind = NonNullable<Run['failure']>['kind']
export type Problem = Static<typeof schemas.ProblemShape>

export interface List<Item> {
  readonly items: readonly Item[]
  readonly next: string | null
}

/** Who is signed in. */
export type Session = Static<typeof schemas.Session>
export type Stats = Static<typeof schemas.Stats>
export type MailCount = Stats['mail']['hours'][number]
export type Health = Stats['health']['redis']

/** What a run brought, and what was said during it. */
export type Arrivals = Static<typeof schemas.Arrivals>
export type Transcript = Static<typeof schemas.Transcript>

/** A mailbox as it is read. */
export interface Folder {
  readonly path: string
  readonly name: string
  readonly depth: number
  readonly use: 'inbox' | 'sent' | 'drafts' | 'junk' | 'trash' | 'archive' | null
  readonly messages: number
  readonly unseen: number
  readonly selectable: boolean
}
export interface Person {
  readonly name: string | null
  readonly address: string | null
}
export interface Letter {
  readonly uid: number
  readonly from: Person | null
  readonly subject: string | null
  readonly date: string | null
  readonly arrived: string
  readonly size: number
  readonly seen: boolean
  readonly flagged: boolean
  readonly answered: boolean
  readonly attachments: boolean
}
export interface Letters extends List<Letter> {
  readonly total: number
  readonly uidValidity: string
}
export interface Message extends Omit<Letter, 'attachments' | 'from'> {
  readonly folder: string
  readonly uidValidity: string
  readonly from: readonly Person[]
  readonly replyTo: readonly Person[]
  readonly to: readonly Person[]
  readonly cc: readonly Person[]
  readonly text: string | null
  readonly html: boolean
  readonly remote: boolean
  readonly truncated: boolean
  readonly attachments: readonly {
    readonly part: string
    readonly filename: string | null
    readonly type: string
    readonly size: number
    readonly inline: boolean
  }[]
  readonly trace: { readonly account: string | null; readonly provider: string | null } | null
}
