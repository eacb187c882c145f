/** The types of the data that the API sends, taken from its own schemas. */
import type { Folders, MailList } from '../api/schemas/mail.ts'
import type { Arrivals } from '../api/schemas/arrivals.ts'

export type { Account, AccountPatch, Examination, NewAccount } from '../api/schemas/accounts.ts'
export type {
  OAuthApplicationShape as Application,
  OAuthApplicationPatch as ApplicationPatch,
} from '../api/schemas/oauth-applications.ts'
export type { OAuthStatus as SignIn } from '../api/schemas/oauth.ts'
export type { OAuthMetadata } from '../api/schemas/oauth-metadata.ts'
export type { OAuthProviders } from '../api/schemas/oauth-providers.ts'
export type { AuditEntry } from '../api/schemas/audit.ts'
export type { Restored } from '../api/schemas/backup.ts'
export type { Destination, NewDestination } from '../api/schemas/destinations.ts'
export type { Connection, Usage } from '../api/schemas/connection.ts'
export type { Mail } from '../api/schemas/mail.ts'
export type { Discovered as Candidates } from '../api/schemas/discover.ts'
export type { Keys } from '../api/schemas/keys.ts'
export type { Imported } from '../api/schemas/ledger.ts'
export type { NewBulletin, Bulletin, BulletinTest } from '../api/schemas/bulletin.ts'
export type { OutboxEntry as Sending } from '../api/schemas/outbox.ts'
export type {
  AnyQuarantineEntry,
  AsideReason,
  QuarantineCount,
  QuarantineEntry,
  Settled as SettledQuarantine,
} from '../api/schemas/quarantine.ts'
export type { AnyRun, Run } from '../api/schemas/runs.ts'
export type { Sample } from '../api/schemas/sample.ts'
export type { AddressVerification, SendingIdentities as Identities, SmtpExamination } from '../api/schemas/sending.ts'
export type { Session } from '../api/schemas/session.ts'
export type { Stats } from '../api/schemas/stats.ts'
export type { MadeToken, Token } from '../api/schemas/tokens.ts'
export type { Transcript } from '../api/schemas/transcripts.ts'
export type { Delivery, Webhook, WebhookWithSecret as MadeWebhook } from '../api/schemas/webhooks.ts'
export type Folder = Folders['items'][number]
export type Letter = MailList['items'][number]
export type ArrivedMessage = Arrivals['items'][number]
