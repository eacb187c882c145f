/** Logs in: USER and PASS through node-pop3's verbs, AUTH PLAIN (RFC 5034) on the wire directly. */
import type { Phase } from '../failure/phase.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { initialResponseOctetsMax, loginWay, plainResponse } from './sasl.ts'
import { type AskLine, Refused, type Verbs } from './verbs.ts'

export interface Credentials {
  readonly user: string
  readonly password: string
}

const authPlain: Phase = { code: 'AUTH', mechanism: 'PLAIN' }

/** Is called before anything is dialled. @throws SessionFailed for credentials that no command of POP3 can carry. */
export function checkCredentials({ user, password }: Credentials): void {
  if (!/[\r\n\0]/.test(user + password)) return
  const reason = 'The user name or password holds CR, LF or NUL, which POP3 cannot carry'
  throw new SessionFailed({ kind: 'internal', reason, remedy: 'Set both anew' })
}

/** @throws Refused if the server does not let us in. */
export async function logIn(
  { user, password }: Credentials,
  capabilities: readonly string[],
  verbs: Verbs,
  ask: AskLine,
): Promise<void> {
  if (loginWay(capabilities, user, password) === 'USER') {
    await verbs.user(user)
    await verbs.pass(password)
    return
  }
  const response = plainResponse(user, password)
  const lines = response.length <= initialResponseOctetsMax ? [`AUTH PLAIN ${response}`] : ['AUTH PLAIN', response]
  for (const line of lines) {
    const reply = await ask(line, authPlain)
    if (reply.shape === 'refused') throw new Refused(reply.text, authPlain)
  }
}
