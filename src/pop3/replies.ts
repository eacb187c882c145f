/** What a server's `-ERR` means: by response code (RFC 2449 section 8, RFC 3206), else by wordings that servers in use have. */
import type { Failure } from '../failure.ts'
import { printable } from './wire.ts'

/** The wordings, first match wins. QUIRKS 21 to 25: locks and throttles are often told without a code. */
const wordings: readonly (readonly [RegExp, 'maildrop in use' | 'throttled'])[] = [
  [
    /too (?:many|often|frequent)|rate.?limit|throttl|exceed|login.?(?:delay|limit)|try again later|wait (?:a|\d|before)/i,
    'throttled',
  ],
  [/\block(?:ed)?\b|in use|\bbusy\b|already (?:open|logged|in)|another (?:session|client|process)/i, 'maildrop in use'],
]

/**
 * @param text what followed `-ERR`, one char a byte.
 * @param during the command in words, as an operator reads it.
 * @param login whether it refused USER, PASS or AUTH: only there can it be about the password.
 */
export function refusal(server: string, text: string, during: string, login: boolean): Failure {
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
  if (login && wording !== undefined) return { kind: wording[1], server, reply }
  if (login) return { kind: 'credentials refused', server, reply }
  return { kind: 'provider refused', server, during, reply }
}
