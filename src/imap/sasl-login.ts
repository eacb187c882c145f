/**
 * Logs in at a store: by SASL (RFC 9051 section 6.2.2), the strongest mechanism that it offers first, or by the command LOGIN where it offers
 * none that we have. imapflow's own login knows PLAIN and LOGIN alone, and gives up at the first refusal.
 */
import type { ImapFlow } from 'imapflow'
import type { SaslName } from '../account/login.ts'
import type { LoginTrait } from '../account/server-traits.ts'
import { withDeadline } from '../deadline.ts'
import { meaningOf, passes } from '../failure/meaning.ts'
import { closesEveryWay, isVisitLimit } from '../failure/meanings.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { LoginAttempts, type Refusal } from '../sasl/login-attempts.ts'
import { SaslBroken } from '../sasl/broken.ts'
import { hasFloor, type LoginMemory, provers, waysOf } from '../sasl/choice.ts'
import type { Exchange, Mechanism, SaslCredentials } from '../sasl/exchange.ts'
import { saslLimits } from '../sasl/limits.ts'
import { exchangeOf } from '../sasl/mechanism.ts'
import { isLasting, isOfMechanism, speaksOfLogin } from '../sasl/refusal-words.ts'
import { byeOf, codeOf, isRefusal, wordsOf } from './command.ts'
import { announcedMechanisms, exchangeWith, loginCommand } from './insides.ts'
import { isOnTrustedLine, type RememberedLogin } from './login-memories.ts'

/** One login, over as many connections as it takes: a server may hang up at a mechanism. */
export interface LoginProgress {
  readonly memory: LoginMemory
  /** The longest wait for the end of a mechanism that may be the reason why nothing comes. */
  readonly mechanismWaitMs: number
  attempts: LoginAttempts | undefined
  /** The connection is gone, and the login goes on in another one. */
  isToReopen: boolean
  /** The way at which a connection ended that had another one before it: it is tried once more. */
  endedAt: SaslName | undefined
}

/** @throws SessionFailed, the refusal of the server, or the end of the connection; `isToReopen` says whether another one may do. */
export async function logInBySasl(client: ImapFlow, login: RememberedLogin, progress: LoginProgress): Promise<void> {
  progress.attempts ??= new LoginAttempts(waysAt(client, login, progress.memory), login.password, progress.memory)
  const { attempts } = progress
  for (;;) {
    const { way } = attempts
    try {
      await tried(client, login, progress, attempts)
      return attempts.succeed()
    } catch (error) {
      if (error instanceof SaslBroken) {
        if (error.isImpostor || !attempts.goesOnBroken()) throw broken(login, way, error)
        if (error instanceof Unanswered) throw reopened(progress, error)
      } else if (isRefusal(error)) {
        const about = attempts.goesOnRefused(refusalIn(error))
        if (about === 'mechanism') throw mechanismRefused(login, way, { error, memory: progress.memory })
        // Then the login itself is refused, and not just the session.
        Object.assign(error, { authenticationFailed: true, serverResponseCode: codeOf(error) || undefined })
        if (about === 'login') throw error
      } else throw ended(progress, attempts, error)
    }
  }
}

/** Whoever is told to give up, and says neither yes nor no, is left. */
class Unanswered extends SaslBroken {}

function reopened(progress: LoginProgress, error: unknown): unknown {
  progress.isToReopen = true
  return error
}

/** The end of a connection: perhaps that of the mechanism, or of what was refused before it. */
function ended(progress: LoginProgress, attempts: LoginAttempts, error: unknown): unknown {
  const bye = meaningOf(`BYE ${byeOf(error) ?? ''}`)
  if (bye !== undefined && passes(bye)) return error
  if (attempts.isLater) {
    if (progress.endedAt === attempts.way) return error
    progress.endedAt = attempts.way
    return reopened(progress, error)
  }
  if (!attempts.mayHangUp) return error
  const about = attempts.goesOnRefused({
    isOfMechanism: false,
    isLasting: true,
    passes: undefined,
    isSettled: false,
  })
  return about === 'next' ? reopened(progress, error) : error
}

function waysAt(client: ImapFlow, login: RememberedLogin, memory: LoginMemory): [SaslName, ...SaslName[]] {
  const { auth = 'password', sasl = null, user } = login
  const mechanisms = announcedMechanisms(client)
  // LOGIN is a command, too, and the one that is meant where the mechanism is not announced.
  if (sasl === 'LOGIN' && !mechanisms.includes(sasl)) return [command]
  const takesCommand = !client.capabilities.has('LOGINDISABLED')
  // Exchange takes the name of a shared mailbox, DOMAIN\user/mailbox, in LOGIN alone.
  const offer = { mechanisms, hasTimestamp: false, isUserQuick: takesCommand && /[\\/]/.test(user) }
  const ways = waysOf(offer, { auth, sasl, isTrusted: isOnTrustedLine(login), traits: memory })
  if (ways.length === 0) throw weaker(login, memory)
  const [first, ...others] = ways.filter((way) => way !== command || takesCommand)
  if (first === undefined) throw noWay(login, mechanisms)
  return [first, ...others]
}

/** LOGIN tells name and password as USER and PASS do in POP3. */
const command: SaslName = 'USER'

async function tried(
  client: ImapFlow,
  login: RememberedLogin,
  { mechanismWaitMs }: LoginProgress,
  { way, encoding, mayHangUp }: LoginAttempts,
): Promise<void> {
  const { user, password, host, port } = login
  const isLatin1 = encoding === 'latin1'
  if (way === command) return await loginCommand(client, user, isLatin1 ? Buffer.from(password, encoding) : password)
  const exchanging = exchanged(client, exchangeOf(way as Mechanism), { user, password, host, port, encoding })
  if (!mayHangUp) return await exchanging
  const late = () => new Unanswered(`${way} without an answer`)
  await withDeadline(exchanging, { waitMs: mechanismWaitMs, late, abandon: () => client.close() })
}

/** @throws SaslBroken, the refusal of the server, or the end of the connection. */
async function exchanged(client: ImapFlow, exchange: Exchange, credentials: SaslCredentials): Promise<void> {
  const first = exchange.start(credentials)
  // RFC 4959: an initial response only where it is announced.
  const isInline = first !== null && client.capabilities.has('SASL-IR')
  let held = isInline ? null : first
  let fault: SaslBroken | undefined
  let asked = 0
  const sent = isInline ? [first.toString('base64')] : []
  const responseTo = async (text: string): Promise<Buffer> => {
    if (asked > saslLimits.challengesMax) throw new SaslBroken(`${exchange.name} without an end`)
    // It has not read the initial response.
    const isFirstAgain = isInline && asked === 1 && text === '' && exchange.isDone
    const response = held ?? (isFirstAgain ? first : await exchange.next(challengeIn(text, exchange)))
    held = null
    return response
  }
  const answer = async (text: string): Promise<string | undefined> => {
    asked += 1
    if (fault !== undefined) {
      client.close()
      return undefined
    }
    try {
      const response = (await responseTo(text)).toString('base64')
      sent.push(response)
      return response
    } catch (error) {
      if (!(error instanceof SaslBroken)) throw error
      fault = error
      // The exchange is given up.
      return '*'
    }
  }
  const initial = isInline ? sent[0] || '=' : undefined
  try {
    await exchangeWith(client, exchange.name, initial, answer)
  } catch (error) {
    hide(sent, error)
    throw faultBehind(fault, error)
  }
  if (fault !== undefined) throw unanswered(fault)
  if (!exchange.isDone)
    throw new SaslBroken(`success of ${exchange.name} before its end`, exchange.name.startsWith('SCRAM'))
}

/** Some servers repeat what they refuse. */
function hide(responses: readonly string[], error: unknown): void {
  if (!isRefusal(error) || typeof error['responseText'] !== 'string') return
  for (const response of responses.filter(({ length }) => length > 3))
    error['responseText'] = String(error['responseText']).replaceAll(response, '***')
}

/** What ended an exchange: our fault-finding comes before the server's words to it. */
function faultBehind(fault: SaslBroken | undefined, error: unknown): unknown {
  if (fault === undefined) return error
  return isRefusal(error) ? fault : unanswered(fault)
}

function unanswered({ message, isImpostor }: SaslBroken): Unanswered {
  return new Unanswered(message, isImpostor)
}

function challengeIn(text: string, { name, readsChallenges }: Exchange): Buffer {
  if (text.length > saslLimits.challengeOctetsMax) throw new SaslBroken(`a challenge of ${text.length} octets`)
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return Buffer.from(text, 'base64')
  if (!readsChallenges) return Buffer.alloc(0)
  throw new SaslBroken(`a challenge of ${name} that is no base64`)
}

function refusalIn(error: Record<string, unknown>): Refusal {
  const [words, code] = [wordsOf(error), codeOf(error)]
  const meaning = meaningOf(`${words} [${code}]`)
  // BAD is of the command: a server that does not know the mechanism may not know AUTHENTICATE either.
  const isBad = error['responseStatus'] === 'BAD'
  return {
    isOfMechanism:
      (isBad && !speaksOfLogin(words)) || isOfMechanism(code === 'AUTHENTICATIONFAILED' ? `[AUTH] ${words}` : words),
    isLasting: isLasting(words),
    isSettled: closesEveryWay(meaning),
    passes: isVisitLimit(meaning) ? 'throttled' : meaning !== undefined && passes(meaning) ? 'temporary' : undefined,
  }
}

const serverOf = ({ host, port }: RememberedLogin) => `${host}:${port}`

function broken(login: RememberedLogin, way: SaslName, error: SaslBroken): SessionFailed {
  const so = error.isImpostor
    ? 'it does not know the password, so it may not be the server that it should be, and nothing more was told to it'
    : `it does not log in as ${way} does`
  return unreachable(login, `${so}: ${error.message} (login ${login.user})`, error)
}

function weaker(login: RememberedLogin, memory: LoginMemory): SessionFailed {
  const before = provers.find((name) => memory.has(`${name} works` as LoginTrait)) ?? 'a stronger way'
  const reason = `it no longer offers ${before}, by which it let us in before, and on a line that nobody checks no password is told (login ${login.user})`
  return new SessionFailed({ ...unreachableBy(login, reason), isWeaker: true })
}

function unreachable(login: RememberedLogin, reason: string, cause?: Error): SessionFailed {
  return new SessionFailed(unreachableBy(login, reason), cause)
}

function unreachableBy(login: RememberedLogin, reason: string) {
  return { kind: 'store unreachable', reason: `${serverOf(login)}: ${reason}`, everyAccount: true } as const
}

function mechanismRefused(
  login: RememberedLogin,
  mechanism: SaslName,
  { error, memory }: { readonly error: Record<string, unknown>; readonly memory: LoginMemory },
): SessionFailed {
  const { auth = 'password', sasl = null } = login
  if (sasl === null && auth === 'password' && hasFloor(isOnTrustedLine(login), memory)) return weaker(login, memory)
  const reply = `${wordsOf(error)} (login ${login.user})`.trim()
  const during = { code: 'AUTH', mechanism } as const
  return new SessionFailed({ kind: 'store refused', during, server: serverOf(login), reply, everyAccount: true }, error)
}

/** LOGINDISABLED (RFC 9051 section 6.2.3), and no mechanism that we have. */
function noWay(login: RememberedLogin, mechanisms: readonly string[]): SessionFailed {
  const others = mechanisms.length === 0 ? '' : `, only ${mechanisms.join(', ')}`
  const reply =
    login.tls === 'none'
      ? 'it takes no password in clear text (LOGINDISABLED): choose TLS or STARTTLS'
      : `it takes no password (LOGINDISABLED)${others}`
  return new SessionFailed({
    kind: 'store refused',
    during: 'login',
    server: serverOf(login),
    reply: `${reply} (login ${login.user})`,
    everyAccount: true,
  })
}
