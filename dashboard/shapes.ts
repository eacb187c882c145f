/** The types of the API's answers, from its schemas. This is the only file that imports from the rest of the project, and it imports types only. */
import type { Account } from '../api/schemas/accounts.ts'
import type { Discovered } from '../api/schemas/discover.ts'
import type { NewDraft, NewLetter, OutboxEntry } from '../api/schemas/outbox.ts'
import type { SendingIdentities } from '../api/schemas/sending.ts'
import type { OAuthStatus } from '../api/schemas/oauth.ts'
import type { OAuthProviders } from '../api/schemas/oauth-providers.ts'
import type { Folders, Mail, MailList } from '../api/schemas/mail.ts'
import type { AnyQuarantineEntry, AsideReason } from '../api/schemas/quarantine.ts'
import type { Run } from '../api/schemas/runs.ts'
import type { FailingGroups, Stats } from '../api/schemas/stats.ts'
import type { Webhook } from '../api/schemas/webhooks.ts'

export type { AccountPatch, Examination, NewAccount } from '../api/schemas/accounts.ts'
export type { ProblemShape as Problem } from '../api/schemas/answers.ts'
export type { AuditEntry } from '../api/schemas/audit.ts'
export type { Connection, Usage } from '../api/schemas/connection.ts'
export type { Destination, DestinationExamination, NewDestination } from '../api/schemas/destinations.ts'
export type { AddressVerification, SmtpExamination } from '../api/schemas/sending.ts'
export type { Keys } from '../api/schemas/keys.ts'
export type { Bulletin } from '../api/schemas/bulletin.ts'
export type {
  AnyQuarantineEntry,
  AsideReason,
  QuarantineCount,
  QuarantineEntry,
  Settled as SettledQuarantine,
} from '../api/schemas/quarantine.ts'
export type { Sample } from '../api/schemas/sample.ts'
export type { SettingsShape as InstanceSettings } from '../api/schemas/settings.ts'
export type { MadeToken, Token } from '../api/schemas/tokens.ts'
export type { Delivery, WebhookWithSecret } from '../api/schemas/webhooks.ts'
export type { Account, Discovered, FailingGroups, Folders, Run, Stats, Webhook }

export type AccountStatus = Account['status']
export type Candidate = Discovered['candidates'][number]
export type GuideId = NonNullable<Discovered['guide']>
/** A destination's pause and the test of an account have a failure without `passes`. */
export type Failure = Omit<NonNullable<Run['failure']>, 'passes'> & { readonly passes?: boolean }
export type FailureKind = Failure['kind']
/** Why an account fails. */
export type TroubleReason = NonNullable<Account['reason']>
export type Health = Stats['health']['redis']
export type News = Webhook['events'][number]
export type Step = NonNullable<Failure['step']>
export type RemedyStep = Extract<Step, { code: 'remedy' }>
export type RunRemark = NonNullable<NonNullable<Run['remarks']>[number]>
export type AsideRemark = NonNullable<AnyQuarantineEntry['reason']['remark']>

export type AccountRemark = NonNullable<Account['remarks']>[number]

/** Which of the messages that were set aside. */
export interface AsideFilters {
  readonly reason?: AsideReason
  readonly accountId?: string
}

export interface List<Item> {
  readonly items: readonly Item[]
  readonly next: string | null
}

/** The person who is signed in, and how somebody comes to be. */
export type { Session, SignInWays } from '../api/schemas/session.ts'

/** The messages and the transcript of a run. */
export type { Arrivals } from '../api/schemas/arrivals.ts'
export type { Transcript } from '../api/schemas/transcripts.ts'

/** The mail of a mailbox. */
export type Folder = Folders['items'][number]
export type Letters = MailList
export type Letter = Letters['items'][number]
export type Message = Mail
export type Person = NonNullable<Message['from']>

/** As whom a mailbox sends, what it sends, and what is being written. */
export type Identities = SendingIdentities
export type Identity = SendingIdentities['items'][number]
export type Outgoing = OutboxEntry
export type OutgoingState = Outgoing['state']
export type SendFailureKind = Exclude<NonNullable<Outgoing['failure']>['kind'], FailureKind>
export type { NewDraft, NewLetter }

/** Signing in at a provider. */
export type {
  NewOAuthApplication as NewApplication,
  OAuthApplicationShape as Application,
} from '../api/schemas/oauth-applications.ts'
export type { OAuthProviders }
export type { OAuthMetadata as ServerMetadata } from '../api/schemas/oauth-metadata.ts'
export type OAuthProvider = OAuthProviders['items'][number]['id']

/** How far an account or a destination is signed in, and what begins that. */
export type SignIn = OAuthStatus
/** A code waits as long as it is shown: whoever was signed in before still is. */
export type SignInNow = SignIn & { readonly userCode?: string }
export interface SignInLink {
  readonly url: string
  readonly expiresAt: string
}
export interface DeviceCode {
  readonly userCode: string
  readonly verificationUri: string
  readonly expiresAt: string
  /** What the sign-in is for. */
  readonly feeding: { readonly mailbox: string; readonly into: string | null }
}
