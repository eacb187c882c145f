/** Logs in, by the strongest way that the server offers (src/sasl/choice.ts), and by another one where that does not do (src/sasl/login-attempts.ts). */
import { createHash } from 'node:crypto'
import { assertNever } from '../assert-never.ts'
import type { ServerLogin } from '../account/account.ts'
import type { SaslName } from '../account/login.ts'
import type { LoginTrait } from '../account/server-traits.ts'
import { withDeadline } from '../deadline.ts'
import { legible } from '../failure/legible.ts'
import type { Failure } from '../failure/failure.ts'
import { meaningOf } from '../failure/meaning.ts'
import { closesEveryWay } from '../failure/meanings.ts'
import type { Phase } from '../failure/phase.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { LoginAttempts, type PasswordEncoding, type Refusal } from '../sasl/login-attempts.ts'
import { hasFloor, isTrustedLine, type LoginMemory, type Offer, provers, waysOf } from '../sasl/choice.ts'
import { isLasting, isOfMechanism } from '../sasl/refusal-words.ts'
import { exchangeOf } from '../sasl/mechanism.ts'
import { type AuthLine, authenticate, type Outcome } from './auth.ts'
import { passingRefusal } from './replies.ts'
import { WorthAnother } from './tls.ts'
import { Refused, type Verbs } from './verbs.ts'

export interface Credentials extends Pick<ServerLogin, 'auth' | 'sasl'> {
  readonly user: string
  /** The password, or the access token of a login that signs in. */
  readonly password: string
}

type LoginOptions = Credentials & Pick<ServerLogin, 'host' | 'port' | 'tls' | 'tlsVerify' | 'tlsFingerprint'>

/** What the login uses of its session. */
export interface LoginLine extends AuthLine {
  readonly options: LoginOptions
  /** Those of before the login. */
  readonly capabilities: readonly string[]
  readonly greeting: string
  readonly memory: LoginMemory
  readonly verbs: Verbs
  /** The longest time for one exchange. */
  readonly exchangeWaitMs: number
  /** Connects anew. */
  reopen(): Promise<void>
  /** Ends the session. */
  fail(failure: (server: string) => Failure): SessionFailed
}

/** Is called before anything is dialled. @throws SessionFailed for credentials that no command of POP3 can carry. */
export function checkCredentials({ user, password }: Credentials): void {
  if (!/[\r\n\0]/.test(user + password)) return
  const reason = 'The user name or password holds CR, LF or NUL, which POP3 cannot carry'
  throw new SessionFailed({ kind: 'internal', reason, remedy: 'Set both anew' })
}

export function offerOf(capabilities: readonly string[], greeting: string, { user, password }: Credentials): Offer {
  const words = capabilities.map((line) => line.toUpperCase().split(/\s+/))
  const has = (name: string) => words.some(([first]) => first === name)
  const utf8 = words.some(([name, ...how]) => name === 'UTF8' && how.includes('USER'))
  // USER and PASS carry other letters only where UTF8 was agreed on (RFC 6856 section 2.2).
  const isCarried = utf8 || isAscii(user + password)
  return {
    mechanisms: words.flatMap(([name, ...mechanisms]) => (name === 'SASL' ? mechanisms : [])),
    hasTimestamp: timestampIn(greeting) !== undefined,
    isUserQuick: has('USER') && has('PIPELINING') && isCarried,
  }
}

const isAscii = (text: string) => /^[\x20-\x7e]*$/.test(text)

/** RFC 1939 section 7: a msg-id of RFC 822. Anything else may be made to find out the password by it (CVE-2007-1558). */
export function timestampIn(greeting: string): string | undefined {
  return /<[\w!#$%&'*+/=?^`{|}~.-]{1,200}@[\w.:[\]-]{1,200}>/.exec(greeting)?.[0]
}

export function waysAt(line: Pick<LoginLine, 'options' | 'capabilities' | 'greeting' | 'memory'>): SaslName[] {
  const { options, memory } = line
  const { auth = 'password', sasl = null } = options
  const offer = offerOf(line.capabilities, line.greeting, options)
  return waysOf(offer, { auth, sasl, isTrusted: isTrustedLine(options), traits: memory })
}

/** @throws Refused if the server does not let us in. */
export async function logIn(line: LoginLine): Promise<void> {
  const [first, ...others] = waysAt(line)
  if (first === undefined) throw weaker(line)
  const attempts = new LoginAttempts([first, ...others], line.options.password, line.memory)
  for (;;) {
    const { way } = attempts
    const outcome = await tried(line, attempts)
    switch (outcome.kind) {
      case 'in':
        return attempts.succeed()
      case 'broken': {
        const expected = `${way} as it is`
        if (outcome.isImpostor || !attempts.goesOnBroken())
          throw line.fail((server) => ({ kind: 'broken protocol', server, expected, got: outcome.reason }))
        if (!outcome.isOpen) await line.reopen()
        break
      }
      case 'refused': {
        const { text, during } = outcome
        const about = attempts.goesOnRefused(refusalIn(text, during))
        if (about === 'mechanism') throw mechanismRefused(line, text, during)
        if (about === 'login') throw new Refused(text, during)
        break
      }
      default:
        assertNever(outcome)
    }
  }
}

function refusalIn(text: string, during: Phase): Refusal {
  const passing = passingRefusal('', text, during)
  return {
    isOfMechanism: isOfMechanism(text),
    isLasting: isLasting(text),
    isSettled: closesEveryWay(meaningOf(text)),
    passes: passing === undefined ? undefined : passing.kind === 'throttled' ? 'throttled' : 'temporary',
  }
}

function mechanismRefused(line: LoginLine, text: string, during: Phase): SessionFailed {
  const { options, memory } = line
  const { auth = 'password', sasl = null } = options
  if (sasl === null && auth === 'password' && hasFloor(isTrustedLine(options), memory)) return weaker(line)
  const isChosen = sasl === null ? {} : { isChosen: true as const }
  return line.fail((server) => ({ kind: 'provider refused', server, during, reply: legible(text), ...isChosen }))
}

function weaker(line: LoginLine): SessionFailed {
  const { memory } = line
  const before = provers.find((name) => memory.has(`${name} works` as LoginTrait)) ?? 'a stronger way'
  return line.fail((server) => ({
    kind: 'broken protocol',
    server,
    expected: `${before}, by which this account was let in before, on a line that nobody checks`,
    got: 'only ways that would tell the password to whoever stands in between',
    isWeaker: true,
  }))
}

async function tried(line: LoginLine, { way, encoding, isLater, mayHangUp }: LoginAttempts): Promise<Outcome> {
  const isGone = (error: unknown) =>
    error instanceof SessionFailed &&
    !(error instanceof WorthAnother) &&
    ['unreachable', 'silent', 'broken protocol'].includes(error.failure.kind)
  try {
    return await once(line, way, encoding)
  } catch (error) {
    if (!isGone(error) || !(isLater || mayHangUp)) throw error
    await line.reopen()
    if (isLater) return await once(line, way, encoding)
    const during: Phase = way === 'APOP' ? 'PASS' : { code: 'AUTH', mechanism: way }
    return { kind: 'refused', text: 'it hung up', during }
  }
}

async function once(line: LoginLine, way: SaslName, encoding: PasswordEncoding): Promise<Outcome> {
  const { user, password, host, port } = line.options
  switch (way) {
    case 'USER':
      return await byUser(line, encoding)
    case 'APOP':
      return await bounded(line, way, byApop(line, encoding))
    case 'SCRAM-SHA-256':
    case 'SCRAM-SHA-1':
    case 'CRAM-MD5':
    case 'PLAIN':
    case 'LOGIN':
    case 'XOAUTH2':
    case 'OAUTHBEARER':
      return await bounded(
        line,
        way,
        authenticate(line, exchangeOf(way), { user, password, host, port, encoding }, line.memory),
      )
  }
}

/** Octets and questions that come one at a time give an exchange no more time. */
async function bounded(line: LoginLine, mechanism: SaslName, exchange: Promise<Outcome>): Promise<Outcome> {
  const { exchangeWaitMs: waitMs } = line
  const during: Phase = { code: 'AUTH', mechanism }
  const late = () => line.fail((server) => ({ kind: 'silent', server, during, waitedMs: waitMs, slow: true }))
  return await withDeadline(exchange, { waitMs, late })
}

async function byUser(line: LoginLine, encoding: PasswordEncoding): Promise<Outcome> {
  const { verbs, options } = line
  const { user, password } = options
  try {
    await verbs.user(user)
    if (encoding === 'utf8') await verbs.pass(password)
    else {
      const reply = await line.ask(Buffer.from(`PASS ${password}`, encoding), 'PASS')
      if (reply.shape === 'refused') return { kind: 'refused', text: reply.text, during: 'PASS' }
    }
    return { kind: 'in' }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return { kind: 'refused', text: error.message, during: error.during }
  }
}

async function byApop(line: LoginLine, encoding: PasswordEncoding): Promise<Outcome> {
  const { user, password } = line.options
  const timestamp = timestampIn(line.greeting)
  const during: Phase = { code: 'AUTH', mechanism: 'APOP' }
  if (timestamp === undefined)
    return { kind: 'refused', text: 'APOP not available: no timestamp in the greeting', during }
  const digest = createHash('md5').update(timestamp).update(Buffer.from(password, encoding)).digest('hex')
  line.hide(digest)
  const reply = await line.ask(`APOP ${user} ${digest}`, during)
  return reply.shape === 'refused' ? { kind: 'refused', text: reply.text, during } : { kind: 'in' }
}
