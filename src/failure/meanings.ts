/** The closed list of what a refusal may mean. */
import { assertNever } from '../assert-never.ts'

/** What a refusal means, where its code or its words tell. */
export type Meaning =
  /** Too many logins, commands or connections. */
  | 'throttled'
  /** The volume of a day or an hour has been used up. */
  | 'quota used up'
  /** The server is unwell for a while. */
  | 'temporary'
  /** Another session holds the maildrop. */
  | 'in use'
  /** The message was deleted meanwhile. */
  | 'gone'
  /** This message will never be given or taken: a virus, its size, its form. */
  | 'refused for good'
  | 'wrong password'
  | 'locked account'
  | 'mailbox disabled'
  /** POP3, or IMAP, is not switched on for this mailbox. */
  | 'switched off'
  | 'app password'
  | 'sign in on the web'
  | 'OAuth only'
  | 'store full'

/** Whether the reason passes without anybody doing anything. */
export function passes(meaning: Meaning): boolean {
  switch (meaning) {
    case 'throttled':
    case 'quota used up':
    case 'temporary':
    case 'in use':
      return true
    case 'gone':
    case 'refused for good':
    case 'wrong password':
    case 'locked account':
    case 'mailbox disabled':
    case 'switched off':
    case 'app password':
    case 'sign in on the web':
    case 'OAuth only':
    case 'store full':
      return false
    default:
      return assertNever(meaning)
  }
}
