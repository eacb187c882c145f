/** The closed list of what a refusal may mean. */
import { assertNever } from '../assert-never.ts'

/** What a refusal means, where its code or its words tell. */
export type Meaning =
  /** Too many logins, commands or connections. */
  | 'throttled'
  /** The volume of a day or an hour has been used up. */
  | 'quota used up'
  /** A limit was reached, and the words do not say which one. */
  | 'limit reached'
  /** The server is unwell for a while. */
  | 'temporary'
  /** Another session holds the maildrop. */
  | 'in use'
  /** The message was deleted meanwhile. */
  | 'gone'
  /** This message will never be given or taken: a virus, its size, its form. */
  | 'refused for good'
  | 'wrong password'
  /** The password was right once, and has to be changed. */
  | 'password expired'
  /** The address, the network or the country that we come from is not let in. */
  | 'shut out'
  /** No password is taken in clear. */
  | 'wants TLS'
  /** The server's own licence has run out, or has too few users. */
  | 'unlicensed'
  | 'locked account'
  | 'mailbox disabled'
  /** POP3, or IMAP, is not switched on for this mailbox. */
  | 'switched off'
  /** The mailbox lies on another host now. */
  | 'moved'
  | 'app password'
  | 'sign in on the web'
  | 'OAuth only'
  | 'store full'

/** Whether the reason passes without anybody doing anything. */
export function passes(meaning: Meaning): boolean {
  switch (meaning) {
    case 'throttled':
    case 'quota used up':
    case 'limit reached':
    case 'temporary':
    case 'in use':
      return true
    case 'gone':
    case 'refused for good':
    case 'wrong password':
    case 'password expired':
    case 'shut out':
    case 'wants TLS':
    case 'unlicensed':
    case 'locked account':
    case 'mailbox disabled':
    case 'switched off':
    case 'moved':
    case 'app password':
    case 'sign in on the web':
    case 'OAuth only':
    case 'store full':
      return false
    default:
      return assertNever(meaning)
  }
}

/** Whether a maildrop has had enough visits, or given enough: of the store see imap/trouble.ts. */
export function isVisitLimit(meaning: Meaning | undefined): boolean {
  return meaning === 'throttled' || meaning === 'quota used up' || meaning === 'limit reached'
}

/** Whether somebody mends it with another password, or with a sign-in. All else that keeps a login out has its reason elsewhere. */
export function isAboutCredentials(meaning: Meaning): boolean {
  switch (meaning) {
    case 'wrong password':
    case 'password expired':
    case 'app password':
    case 'sign in on the web':
    case 'OAuth only':
    // No login is about a message: the words are only like those.
    case 'gone':
    case 'refused for good':
      return true
    case 'throttled':
    case 'quota used up':
    case 'limit reached':
    case 'temporary':
    case 'in use':
    case 'locked account':
    case 'mailbox disabled':
    case 'shut out':
    case 'switched off':
    case 'moved':
    case 'wants TLS':
    case 'unlicensed':
    case 'store full':
      return false
    default:
      return assertNever(meaning)
  }
}

/** Whether a login stays refused until somebody changes the mailbox or the account. An address may be let in again by itself. */
export function keepsOut(meaning: Meaning | undefined): boolean {
  return (
    meaning === 'locked account' ||
    meaning === 'mailbox disabled' ||
    meaning === 'switched off' ||
    meaning === 'moved' ||
    meaning === 'wants TLS'
  )
}

/** Whether no other way to log in helps: the mailbox is locked, its protocol is switched off, it wants an app password. */
export function closesEveryWay(meaning: Meaning | undefined): boolean {
  if (meaning === undefined || passes(meaning)) return false
  // A proof is refused so, too, where passwords are kept as hashes; and no login is about a message: the words are only like those.
  return !['wrong password', 'gone', 'refused for good', 'wants TLS'].includes(meaning)
}
