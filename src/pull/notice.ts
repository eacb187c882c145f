/** What a run remarks for people, beside its counts. workers/notices.ts makes sentences of it. */
import type { ImportShortage } from './import-budget.ts'

/** A remark about the maildrop, for people. */
export type Notice =
  /** This many messages were known by their content and have new ids: the usual reason is that the maildrop was moved. People are told once, until the ids stay. */
  | { readonly event: 'ids changed'; readonly renamed: number; readonly listed: number }
  /**
   * This many messages came back after their deletion was confirmed; so many of them with other bytes, and were stored once more. It is
   * told once, until the account's retention is changed.
   */
  | { readonly event: 'not deleted'; readonly messages: number; readonly changed?: number }
  /** The provider refuses to delete this many messages. It is told once, when it has refused the first one at so many visits. */
  | { readonly event: 'deletion refused'; readonly messages: number; readonly visits: number; readonly reply: string }
  /** This many messages were to be deleted, and there was no `+OK` to QUIT. */
  | { readonly event: 'deletion not confirmed'; readonly messages: number; readonly reason: string }
  /** Of this many messages a fraction came; the octets are those of the first one. */
  | { readonly event: 'came short'; readonly messages: number; readonly octets: number; readonly size: number }
  /** The first import has brought what it may for now. */
  | ({ readonly event: 'import budget used up' } & ImportShortage)
  /** Mail is stored without these flags of the account. `reply`: the store's refusal. */
  | ({ readonly event: 'flags left out' } & FlagsLeftOut)

export interface FlagsLeftOut {
  readonly flags: readonly string[]
  readonly reply: string
}
