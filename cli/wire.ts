/** What the API sends: its own schemas, as types. */
import type { Static } from 'typebox'
import type * as schemas from '../api/schemas.ts'

export type Account = Static<typeof schemas.Account>
export type NewAccount = schemas.NewAccount
export type AccountPatch = schemas.AccountPatch
export type ArrivedMessage = Static<typeof schemas.Arrivals>['items'][number]
export type AuditEntry = Static<typeof schemas.AuditEntry>
export type Candidates = Static<typeof schemas.Discovered>
export type Delivery = Static<typeof schemas.Delivery>
export type Destination = Static<typeof schemas.Destination>
export type NewDestination = schemas.NewDestination
export type Examination = Static<typeof schemas.Examination>
export type Imported = Static<typeof schemas.Imported>
export type Keys = Static<typeof schemas.Keys>
export type NewNotice = Static<typeof schemas.NewNotice>
export type Notice = Static<typeof schemas.Notice>
export type NoticeTest = Static<typeof schemas.NoticeTest>
export type QuarantineEntry = Static<typeof schemas.QuarantineEntry>
export type Restored = Static<typeof schemas.Restored>
export type Run = Static<typeof schemas.Run>
export type Stats = Static<typeof schemas.Stats>
export type Token = Static<typeof schemas.Token>
export type MadeToken = Static<typeof schemas.MadeToken>
export type Transcript = Static<typeof schemas.Transcript>
export type Webhook = Static<typeof schemas.Webhook>
export type MadeWebhook = Static<typeof schemas.WebhookWithSecret>
