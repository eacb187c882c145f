/** What the pages of a sign-in say; each language has a file beside this one. */
import type { OAuthWarning } from '../../src/oauth/grant.ts'

export interface PageText {
  readonly title: string
  readonly paragraphs: readonly string[]
  /** Where it goes on. */
  readonly link?: { readonly url: string; readonly text: string }
}

/** What a page is about. */
export interface PageFacts {
  readonly mailbox: string
  /** Null: mail is stored in that mailbox. */
  readonly into: string | null
}

/** `url`: the page of the account or destination here. */
export interface DoneFacts {
  readonly url: string
  readonly warning: OAuthWarning | null
}

export interface SignInWords {
  readonly begin: (facts: PageFacts, provider: string, url: string) => PageText
  readonly done: (facts: PageFacts, as: string | null, to: DoneFacts) => PageText
  readonly somebodyElse: (facts: PageFacts, as: string) => PageText
  readonly notTaken: () => PageText
  readonly linkOver: () => PageText
  readonly refused: (facts: PageFacts, reason: string) => PageText
  /** Of a page that may be loaded again. */
  readonly noAnswer: (server: string, reason: string) => PageText
  /** Of one that may not: the answer of the provider is used up. */
  readonly noAnswerBack: (server: string, reason: string) => PageText
}
