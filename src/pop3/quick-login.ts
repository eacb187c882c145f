/**
 * The login at a server whose capabilities are known from earlier sessions: CAPA is not asked, and where the server announces PIPELINING
 * (RFC 2449 section 6.6) user name, password and the listing go in one segment. The RFC lets commands be pipelined in both states, and
 * across the login; but a server may hand the session to another process there and lose what it has read. So the first such login at a server is a
 * trial: whatever becomes of it, the server is asked once more in the usual way before anything is believed.
 */
import type { Capabilities, ServerTrait } from '../account/server-traits.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { hasCapability, loginDelayMsIn } from './capabilities.ts'
import { isTrustedLine } from '../sasl/choice.ts'
import { type Credentials, type LoginLine as Line, offerOf, waysAt } from './login.ts'
import { type AskLine, Refused } from './verbs.ts'

/**
 * Whether the login and the listing are sent together. A response of SASL is not: a server that asks for it anew would read UIDL as the
 * response. Where TLS is checked, who was let in so before goes on so: nobody in between hears the password.
 */
export function isSentTogether(
  { before, after }: Capabilities,
  traits: ReadonlySet<ServerTrait>,
  line: Pick<Line, 'options' | 'greeting' | 'memory'>,
): boolean {
  const { options } = line
  const { auth = 'password', sasl = null } = options
  if (!hasCapability(before, 'PIPELINING')) return false
  const isSafe = options.tls !== 'none' && isTrustedLine(options) && auth === 'password' && sasl === null
  const goesOn = traits.has('login together') && isSafe && offerOf(before, '', options).isUserQuick
  if (!goesOn && waysAt({ ...line, capabilities: before })[0] !== 'USER') return false
  if (traits.has('one at a time') || traits.has('login alone')) return false
  // A trial may cost one login more.
  return traits.has('login together') || loginDelayMsIn(after) === 0
}

/** The parts of its session that the login uses. */
interface LoginLine {
  readonly ask: AskLine
  /** Sends what is asked for meanwhile in as few segments as possible. */
  readonly together: <T>(send: () => T) => T
  /** Asks for what follows the login. */
  readonly askNext: () => void
}

/**
 * Sends the login, and what follows it, in one segment.
 *
 * @throws Refused if the server does not let us in; the answers to what followed are nobody's then.
 */
export async function logInTogether(
  { user, password }: Credentials,
  { before }: Capabilities,
  { ask, together, askNext }: LoginLine,
): Promise<void> {
  const [name, word] = together(() => {
    if (hasCapability(before, 'UTF8')) void ask('UTF8', 'UTF8').catch(() => {})
    const login = [ask(`USER ${user}`, 'USER'), ask(`PASS ${password}`, 'PASS')] as const
    askNext()
    return login
  })
  // If the first one fails, nobody awaits the second one.
  word.catch(() => {})
  const named = await name
  if (named.shape === 'refused') throw new Refused(named.text, 'USER')
  const passed = await word
  if (passed.shape === 'refused') throw new Refused(passed.text, 'PASS')
}

/** Whether the failure may be that of the quick way: then the server is asked once more in the usual way. */
export function mayBeTheWay(error: unknown, traits: ReadonlySet<ServerTrait>): boolean {
  if (!(error instanceof SessionFailed)) return false
  const { kind } = error.failure
  if (kind === 'broken protocol') return true
  const others = ['credentials refused', 'throttled', 'maildrop in use', 'provider refused', 'unreachable', 'silent']
  return !traits.has('login together') && others.includes(kind)
}
