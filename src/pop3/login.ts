/**
 * Logs in, by the strongest way that the server offers (src/sasl/choice.ts). A refusal of the mechanism goes on to the next one; a refused
 * password is tried once more only where the mechanism may be the reason, or the letters: servers count.
 */
import { createHash } from 'node:crypto'
import type { ServerLogin } from '../account/account.ts'
import type { SaslName } from '../account/login.ts'
import type { LoginTrait } from '../account/server-traits.ts'
import { legible } from '../failure/legible.ts'
import type { Failure } from '../failure/failure.ts'
import type { Phase } from '../failure/phase.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import {
  isLasting,
  isOfMechanism,
  isTrustedLine,
  type LoginMemory,
  type Offer,
  provers,
  waysOf,
} from '../sasl/choice.ts'
import { saslLimits } from '../sasl/limits.ts'
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
  const { memory, options } = line
  const ways = waysAt(line)
  if (ways.length === 0) throw weaker(line)
  const letters = lettersOf(options.password)
  let encoding: 'utf8' | 'latin1' = letters === 'Latin-1' && memory.has('Latin-1 passwords') ? 'latin1' : 'utf8'
  /** The ways that did not do, and may be passed over from now on. */
  const failed: SaslName[] = []
  let refusals = 0
  let left = [...ways]
  for (let nth = 0; ; nth += 1) {
    const way = left.shift() as SaslName
    const isProver = provers.includes(way) && !memory.has(`${way} works` as LoginTrait)
    const outcome = await tried(line, way, { encoding, isLater: nth > 0, mayHangUp: isProver && left.length > 0 })
    if (outcome.kind === 'in') {
      learn(memory, { way, failed, isLatin1: encoding === 'latin1' && letters === 'Latin-1' })
      return
    }
    if (outcome.kind === 'broken') {
      if (outcome.isImpostor || left.length === 0 || nth + 1 >= saslLimits.waysMax)
        throw line.fail((server) => ({
          kind: 'broken protocol',
          server,
          expected: `${way} as it is`,
          got: outcome.reason,
        }))
      failed.push(way)
      if (!outcome.isOpen) await line.reopen()
      continue
    }
    const { text, during } = outcome
    const isMechanism = way !== 'USER' && isOfMechanism(text)
    if (
      isMechanism &&
      left.length > 0 &&
      nth + 1 < saslLimits.waysMax &&
      passingRefusal('', text, during)?.kind !== 'throttled'
    ) {
      if (isLasting(text)) failed.push(way)
      continue
    }
    if (isMechanism) throw line.fail((server) => ({ kind: 'provider refused', server, during, reply: legible(text) }))
    if (passingRefusal('', text, during) !== undefined) throw new Refused(text, during)
    refusals += 1
    const others = left.filter((other) => !provers.includes(other))
    if (isProver && refusals < saslLimits.refusalsMax && others.length > 0) {
      // Where passwords are kept as hashes, such mechanisms are announced and let nobody in.
      failed.push(way, ...left.filter((other) => provers.includes(other)))
      left = others
    } else if (
      refusals <= saslLimits.refusalsMax &&
      letters === 'Latin-1' &&
      encoding === 'utf8' &&
      !way.startsWith('SCRAM')
    ) {
      encoding = 'latin1'
      left = [way]
    } else throw new Refused(text, during)
  }
}

function learn(
  memory: LoginMemory,
  {
    way,
    failed,
    isLatin1,
  }: { readonly way: SaslName; readonly failed: readonly SaslName[]; readonly isLatin1: boolean },
): void {
  for (const other of failed)
    if (other !== 'USER' && !memory.has(`${other} works` as LoginTrait)) memory.add(`no ${other}` as LoginTrait)
  if (provers.includes(way)) memory.add(`${way} works` as LoginTrait)
  if (isLatin1) memory.add('Latin-1 passwords')
}

/** The letters of a password beyond ASCII. */
function lettersOf(password: string): 'ASCII' | 'Latin-1' | 'others' {
  if (/^[\x00-\x7f]*$/.test(password)) return 'ASCII'
  return /^[\x00-\xff]*$/.test(password) ? 'Latin-1' : 'others'
}

function weaker(line: LoginLine): SessionFailed {
  const { memory } = line
  const before = provers.find((name) => memory.has(`${name} works` as LoginTrait)) ?? 'a stronger way'
  return line.fail((server) => ({
    kind: 'broken protocol',
    server,
    expected: `${before}, by which this account was let in before, on a line that nobody checks`,
    got: 'only ways that would tell the password to whoever stands in between',
  }))
}

interface Try {
  readonly encoding: 'utf8' | 'latin1'
  /** Another way was refused before it: the server may hang up for that. */
  readonly isLater: boolean
  /** The server may hang up because of the mechanism. */
  readonly mayHangUp: boolean
}

async function tried(line: LoginLine, way: SaslName, { encoding, isLater, mayHangUp }: Try): Promise<Outcome> {
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

async function once(line: LoginLine, way: SaslName, encoding: 'utf8' | 'latin1'): Promise<Outcome> {
  const { user, password, host, port } = line.options
  switch (way) {
    case 'USER':
      return await byUser(line, encoding)
    case 'APOP':
      return await byApop(line, encoding)
    case 'SCRAM-SHA-256':
    case 'SCRAM-SHA-1':
    case 'CRAM-MD5':
    case 'PLAIN':
    case 'LOGIN':
    case 'XOAUTH2':
    case 'OAUTHBEARER':
      return await authenticate(line, exchangeOf(way), { user, password, host, port, encoding }, line.memory)
  }
}

async function byUser(line: LoginLine, encoding: 'utf8' | 'latin1'): Promise<Outcome> {
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

async function byApop(line: LoginLine, encoding: 'utf8' | 'latin1'): Promise<Outcome> {
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
