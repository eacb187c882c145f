/** What has to be known before the first login at a provider, as a code: people read it in their own language. The notes of providers.ts say the same to programs. */

export const adviceCodes = [
  /** A password that is made for programs, in place of one's own. */
  'app password',
  /** That, and POP3 switched on. */
  'app password and POP3',
  /** No password is taken. */
  'sign in',
  /** There is no POP3; mail can be forwarded. */
  'forward',
  /** There is no POP3, and no forwarding. */
  'no POP3',
  'switch POP3 on',
  /** POP3 switched on, and an app password where the sign-in has a second factor. */
  'switch POP3 on, app password',
  /** A password of its own for e-mail programs. */
  'password for programs',
  /** A code that the web page shows when POP3 is switched on. */
  'authorization code',
  /** The password would go in clear. */
  'in clear',
] as const
export type AdviceCode = (typeof adviceCodes)[number]

export interface Advice {
  readonly code: AdviceCode
  /** Null: it is none of our list. */
  readonly provider: string | null
  /** The page where that is done. */
  readonly url: string | null
}
