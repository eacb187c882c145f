/**
 * Decides what a server means by a refusal: by its response code (RFC 2449 section 8, RFC 3206, RFC 5530), and by its words (gists.ts). It is
 * the only place that does: POP3 and IMAP, at the login and after it, use it alike. Pure.
 */
import { gistsIn } from './gists.ts'
import { type Meaning, passes } from './meanings.ts'
import { codeIn, skeletonsOf } from './skeleton.ts'

export { type Meaning, passes }

/** The meaning of a code, if the words tell no more. */
const codes: Readonly<Record<string, Meaning>> = {
  'IN-USE': 'in use',
  'LOGIN-DELAY': 'throttled',
  AUTH: 'wrong password',
  'SYS/TEMP': 'temporary',
  UNAVAILABLE: 'temporary',
  SERVERBUG: 'temporary',
  CONTACTADMIN: 'temporary',
  INUSE: 'in use',
  THROTTLED: 'throttled',
  OVERQUOTA: 'store full',
  TOOBIG: 'refused for good',
  CANNOT: 'refused for good',
  EXPUNGEISSUED: 'gone',
  EXPUNGED: 'gone',
  AUTHENTICATIONFAILED: 'wrong password',
  WEBALERT: 'sign in on the web',
}

/** The codes that leave no doubt, whatever the words are. */
const certain: readonly string[] = [
  'IN-USE',
  'INUSE',
  'LOGIN-DELAY',
  'THROTTLED',
  'TOOBIG',
  'EXPUNGEISSUED',
  'EXPUNGED',
]

/**
 * Reads a refusal. A code that leaves no doubt stands. Beside any other code the words decide, as far as they fit it: servers send
 * `[SYS/TEMP]` and `[AUTH]` with whatever they have to say.
 *
 * @param reply one char an octet, or in Unicode; with `-ERR`, `NO` or `BAD` in front, or without.
 */
export function meaningOf(reply: string): Meaning | undefined {
  const code = codeIn(reply)
  const told = codes[code]
  if (certain.includes(code)) return told
  const said = skeletonsOf(reply).flatMap(gistsIn)
  // What is called temporary passes, whatever else is said.
  if (told === 'temporary') return said.find(passes) ?? told
  return said[0] ?? told
}
