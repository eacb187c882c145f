/** What the API answers, as its schemas have it: the one door to the rest of the project, and for types alone. */
import type { Static } from 'typebox'
import type * as schemas from '../api/schemas.ts'

export type { AccountPatch, NewAccount, NewDestination } from '../api/schemas.ts'
export type Account = Static<typeof schemas.Account>
export type AccountStatus = Account['status']
export type Connection = Static<typeof schemas.Connection>
export type Sample = Static<typeof schemas.Sample>
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
export type Failure = NonNullable<Run['failure']>
export type FailureKind = Failure['kind']
export type Step = NonNullable<Failure['step']>
export type Problem = Static<typeof schemas.ProblemShape>

export interface List<Item> {
  readonly items: readonly Item[]
  readonly next: string | null
}

/** Who is signed in. */
export type Session = Static<typeof schemas.Session>
export type Stats = Static<typeof schemas.Stats>
export type Health = Stats['health']['redis']

/** What a run brought, and what was said during it. */
export type Arrivals = Static<typeof schemas.Arrivals>
export type Transcript = Static<typeof schemas.Transcript>

/** A mailbox as it is read. */
export type Folders = Static<typeof schemas.Folders>
export type Folder = Folders['items'][number]
export type Letters = Static<typeof schemas.MailList>
export type Letter = Letters['items'][number]
export type Message = Static<typeof schemas.Mail>
export type Person = NonNullable<Message['from']>
