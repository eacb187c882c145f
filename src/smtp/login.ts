/** Logs in (RFC 4954), by the strongest way that the server offers (src/sasl/choice.ts), and by another one where that does not do. */
import { legible } from '../failure/legible.ts'
import type { Failure } from '../failure/failure.ts'
import { meaningOf } from '../failure/meaning.ts'
import { closesEveryWay, isAboutCredentials } from '../failure/meanings.ts'
import type { Phase } from '../failure/phase.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import type { SaslName } from '../account/login.ts'
import { SaslBroken } from '../sasl/broken.ts'
import { hasFloor, isTrustedLine, type LoginMemory, waysOf } from '../sasl/choice.ts'
import type { Exchange, Mechanism, SaslCredentials } from '../sasl/exchange.ts'
import { saslLimits } from '../sasl/limits.ts'
import { LoginAttempts, type Refusal } from '../sasl/login-attempts.ts'
import { exchangeOf } from '../sasl/mechanism.ts'
import { isOfMechanism, speaksOfLogin } from '../sasl/refusal-words.ts'
import { withDeadline } from '../deadline.ts'
import { smtpLimits } from './limits.ts'
import type { SmtpLine } from './line.ts'
import { type SmtpLogin, waitsOf } from './login-options.ts'
import { heldBy, isSendingLimit, type SmtpReply } from './replies.ts'

/** What became of one way. */
type Outcome =
  | { readonly kind: 'in' }
  | { readonly kind: 'refused'; readonly reply: SmtpReply }
  | { readonly kind: 'broken'; readonly reason: string; readonly isImpostor: boolean }

/** @throws SessionFailed */
export async function logInAtSmtp(line: SmtpLine, login: SmtpLogin): Promise<void> {
  const { server } = line
  const { user, password } = login
  if (user === null) return
  if (/[\r\n\0]/.test(user + password)) {
    const reason = 'The user name or password holds CR, LF or NUL, which SMTP cannot carry'
    throw new SessionFailed({ kind: 'internal', reason, remedy: 'Set both anew' })
  }
  const memory = login.memory ?? new Set()
  const [first, ...others] = waysAt(line, login, memory)
  if (first === undefined) throw noWay(line, login, memory)
  const attempts = new LoginAttempts([first, ...others], password, memory)
  for (;;) {
    const { way, encoding } = attempts
    const during: Phase = { code: 'AUTH', mechanism: way }
    line.during(during)
    const { host, port } = login
    const credentials = { user, password, host, port, encoding }
    const waitMs = waitsOf(login).exchangeMs
    const late = () => new SessionFailed({ kind: 'silent', server, during, waitedMs: waitMs })
    const outcome = await withDeadline(exchanged(line, exchangeOf(way as Mechanism), credentials, memory), {
      waitMs,
      late,
      abandon: (reason) => line.destroy(reason as SessionFailed),
    })
    if (outcome.kind === 'in') return attempts.succeed()
    if (outcome.kind === 'broken') {
      if (outcome.isImpostor || !attempts.goesOnBroken())
        throw new SessionFailed({ kind: 'broken protocol', server, expected: `${way} as it is`, got: outcome.reason })
      continue
    }
    const about = attempts.goesOnRefused(refusalIn(outcome.reply))
    if (about !== 'next') throw new SessionFailed(failureOf(server, outcome.reply, { during, login, about }))
  }
}

/** The mechanisms that it announces; some write `AUTH=` for old clients. */
export function announcedIn(hello: readonly string[]): string[] {
  return hello.flatMap(
    (line) =>
      /^AUTH[ =](.*)$/i
        .exec(line)?.[1]
        ?.toUpperCase()
        .split(/[\s=]+/) ?? [],
  )
}

function waysAt({ hello }: SmtpLine, login: SmtpLogin, memory: LoginMemory): SaslName[] {
  const { auth = 'password', sasl = null } = login
  const offer = { mechanisms: announcedIn(hello), hasTimestamp: false, isUserQuick: false }
  // These two are commands of POP3 alone.
  const chosen = sasl === 'USER' || sasl === 'APOP' ? null : sasl
  const ways = waysOf(offer, { auth, sasl: chosen, isTrusted: isTrustedLine(login), traits: memory })
  return ways.filter((way) => way !== 'USER' && way !== 'APOP')
}

function noWay({ server, hello }: SmtpLine, login: SmtpLogin, memory: LoginMemory): SessionFailed {
  const offered = announcedIn(hello)
  if (hasFloor(isTrustedLine(login), memory)) {
    const expected = 'the way by which this account was let in before, on a line that nobody checks'
    const got = 'only ways that would tell the password to whoever stands in between'
    return new SessionFailed({ kind: 'broken protocol', server, expected, got, isWeaker: true })
  }
  const reply =
    offered.length > 0
      ? `it takes no password, only ${offered.join(', ')}`
      : `it offers no login${login.tls === 'none' ? ' in clear' : ''}`
  return new SessionFailed({ kind: 'provider refused', server, during: { code: 'AUTH', mechanism: 'PLAIN' }, reply })
}

function refusalIn(reply: SmtpReply): Refusal {
  const { code, words, line } = reply
  // 504: RFC 4954 section 4; 500 and 502 of servers that know no such thing.
  const isUnknown = code === 504 || ((code === 500 || code === 502) && !speaksOfLogin(words))
  return {
    isOfMechanism: isUnknown || isOfMechanism(words),
    isLasting: code >= 500,
    isSettled: closesEveryWay(meaningOf(line)),
    passes: isSendingLimit(reply) ? 'throttled' : code < 500 ? 'temporary' : undefined,
  }
}

function failureOf(
  server: string,
  reply: SmtpReply,
  {
    during,
    login,
    about,
  }: { readonly during: Phase; readonly login: SmtpLogin; readonly about: 'mechanism' | 'login' },
): Failure {
  const shown = legible(reply.line)
  if (isSendingLimit(reply)) return heldBy(server, reply, during)
  if (reply.code < 500) return { kind: 'provider refused', server, during, reply: shown, passes: true }
  if (about === 'mechanism') {
    const isChosen = login.sasl == null ? {} : { isChosen: true as const }
    return { kind: 'provider refused', server, during, reply: shown, ...isChosen }
  }
  const meaning = meaningOf(reply.line)
  // 535 5.7.139 is Microsoft's for a mailbox or tenant that may not log in to SMTP.
  const isPassword = (meaning === undefined || isAboutCredentials(meaning)) && reply.enhanced !== '5.7.139'
  if (isPassword) return { kind: 'credentials refused', server, reply: shown }
  return { kind: 'provider refused', server, during, reply: shown }
}

/** Carries one exchange of SASL: challenges and responses in base64. @throws SessionFailed if the connection ends. */
async function exchanged(
  line: SmtpLine,
  exchange: Exchange,
  credentials: SaslCredentials,
  memory: LoginMemory,
): Promise<Outcome> {
  const first = exchange.start(credentials)
  const written = first === null ? undefined : base64Of(first) || '='
  const whole = `AUTH ${exchange.name} ${written}`
  let isInline =
    written !== undefined && whole.length <= smtpLimits.authLineOctetsMax && !memory.has('AUTH in two steps')
  let held = isInline ? null : first
  const say = async (words: string, response: string) => {
    if (response.length > 3) line.hide(response)
    return await line.ask(words)
  }
  try {
    let reply = await say(isInline ? whole : `AUTH ${exchange.name}`, isInline ? (written ?? '') : '')
    for (let asked = 0; ; ) {
      if (reply.code >= 200 && reply.code < 300) {
        if (exchange.isDone && held === null) return { kind: 'in' }
        throw new SaslBroken(`success of ${exchange.name} before its end`, exchange.name.startsWith('SCRAM'))
      }
      if (reply.code !== 334) {
        if (!isInline || asked > 0 || ![500, 501, 502, 503].includes(reply.code)) return { kind: 'refused', reply }
        // Some want the initial response on a line of its own.
        isInline = false
        held = first
        reply = await say(`AUTH ${exchange.name}`, '')
        if (reply.code === 334) memory.add('AUTH in two steps')
        continue
      }
      if ((asked += 1) > saslLimits.challengesMax) throw new SaslBroken(`${exchange.name} without an end`)
      const isFirstAgain = isInline && asked === 1 && first !== null && reply.words === '' && exchange.isDone
      const response = held ?? (isFirstAgain ? first : await exchange.next(challengeIn(reply.words, exchange)))
      held = null
      const encoded = base64Of(response)
      reply = await say(encoded, encoded)
    }
  } catch (error) {
    if (!(error instanceof SaslBroken)) throw error
    // RFC 4954 section 4: the exchange is given up.
    if (!error.isImpostor) await line.ask('*')
    return { kind: 'broken', reason: error.message, isImpostor: error.isImpostor }
  }
}

function base64Of(response: Buffer): string {
  return response.toString('base64')
}

/** @throws SaslBroken */
function challengeIn(text: string, { name, readsChallenges }: Exchange): Buffer {
  if (text.length > saslLimits.challengeOctetsMax) throw new SaslBroken(`a challenge of ${text.length} octets`)
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return Buffer.from(text, 'base64')
  if (!readsChallenges) return Buffer.alloc(0)
  throw new SaslBroken(`a challenge of ${name} that is no base64`)
}
