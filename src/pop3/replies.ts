/** Interprets a server's `-ERR` by its response code (RFC 2449 section 8, RFC 3206). Without a code it goes by the wordings of servers in use. */
import type { Failure } from '../failure/failure.ts'
import { type Phase, type PhaseCode, phaseCode } from '../failure/phase.ts'
import { printable } from '../printable.ts'

type Refusal = 'maildrop in use' | 'throttled' | 'credentials refused' | 'provider refused'

/** The first match wins. Locks and throttles often come without a code, or as a bad password (docs/quirks.md, 21 to 25). */
const wordings: readonly (readonly [RegExp, Refusal])[] = [
  // The last two are one Chinese word for "often", in UTF-8 and in GBK (zmail issue 30).
  [
    /too (?:many|often|frequent|soon)|rate.?limit|throttl|exceed|login.?(?:delay|limit)|minimum (?:time|interval)|try again later|wait (?:a|\d|before)|\xe9\xa2\x91\xe7\xb9\x81|\xc6\xb5\xb7\xb1/i,
    'throttled',
  ],
  [/another (?:session|client|process|user)|already (?:open|logged|in|locked)/i, 'maildrop in use'],
  [/\baccount\b.{0,30}\block/i, 'credentials refused'],
  [/\block(?:ed)?\b|in use|\bbusy\b/i, 'maildrop in use'],
  // Exchange says "Server Unavailable. 21" even if the password is right.
  [
    /temporar|unavailable|not available|internal (?:server )?error|maintenance|timed? ?out|try again/i,
    'provider refused',
  ],
]

/** The phases in which a refusal may be about the password, or about how often we come. */
const loginPhases: readonly PhaseCode[] = ['connection', 'USER', 'PASS', 'AUTH']

/** @param text the words after `-ERR`, one char a byte. */
export function refusal(server: string, text: string, during: Phase): Failure {
  const reply = printable(text)
  const code = /^\[([A-Z]+(?:[-/][A-Z]+)*)/i.exec(text)?.[1]?.toUpperCase() ?? ''
  switch (code) {
    case 'IN-USE':
      return { kind: 'maildrop in use', server, reply }
    case 'LOGIN-DELAY':
      return { kind: 'throttled', server, reply }
    case 'AUTH':
      return { kind: 'credentials refused', server, reply }
    case 'SYS/TEMP':
    case 'SYS/PERM':
      return { kind: 'provider refused', server, during, reply }
  }
  const wording = wordings.find(([pattern]) => pattern.test(text))
  const kind = loginPhases.includes(phaseCode(during)) ? (wording?.[1] ?? 'credentials refused') : 'provider refused'
  return kind === 'provider refused' ? { kind, server, during, reply } : { kind, server, reply }
}

/** Reads an `-ERR` in place of a greeting as one at a login, except that it cannot be about the password. */
export function greetingRefusal(server: string, text: string): Failure {
  const during = 'connection'
  const failure = refusal(server, text, during)
  return failure.kind === 'credentials refused'
    ? { kind: 'provider refused', server, during, reply: failure.reply }
    : failure
}
