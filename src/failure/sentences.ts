/** The sentences about a failure that an operator reads, one or two for each. Pure. */
import { type Failure, type FailureKind } from './failure.ts'
import { assertNever } from '../assert-never.ts'
import { meaningOf } from './meaning.ts'
import { knownStep } from './next-step.ts'
import { isMessagePhase, type Phase, type PhaseCode, phaseCode, phaseWords } from './phase.ts'
import { protocolWords } from './spoken.ts'
import { stepSentence, type Step } from './step.ts'

/** One or two sentences about a run: our action, the answer, and the next step. The API shows them unchanged. */
export function describe(failure: Failure): string {
  return [happened(failure), after(failure)].filter((sentence) => sentence !== '').join(' ')
}

/** The same sentences for the failure that stops an account: nothing is tried again by itself. */
export function describeStop(failure: Failure): string {
  const advice = adviceOn(failure) ?? 'The provider can say what it means.'
  if (failure.kind === 'sign-in needed') return `${happened(failure)} ${signInAdvice(failure)}`
  return `${happened(failure)} ${advice} The account is left alone until somebody acts.`
}

/** The same sentences for an action that somebody has just asked for: it is not tried again by itself. */
export function describeAsked(failure: Failure): string {
  return `${happened(failure)} ${adviceOn(failure) ?? 'Try again in a moment.'}`
}

/** A failure in the API's form. `step`: a step that is known to help, as a code for clients that have words of their own. */
export interface FailureReport {
  readonly kind: FailureKind
  readonly message: string
  /** The beginning of the message, without what to do; not known of earlier failures. */
  readonly happened?: string
  readonly step?: Step
  /** The server's words say that it passes without anybody doing anything. */
  readonly passes: boolean
}

/** The report on a run. It contains only a step that is known to help, because nobody is there to try another one. */
export function reportOf(failure: Failure): FailureReport {
  const step = knownStep(failure)
  return {
    kind: failure.kind,
    message: describe(failure),
    happened: happened(failure),
    ...(step === undefined ? {} : { step }),
    passes: 'passes' in failure && failure.passes === true,
  }
}

/** The report on a test that somebody has asked for: what to do about it is looked up apart. */
export function askedReportOf(failure: Failure): Pick<FailureReport, 'kind' | 'message' | 'happened'> {
  return { kind: failure.kind, message: describeAsked(failure), happened: happened(failure) }
}

/** Our action, and the answer to it. */
export function happened(failure: Failure): string {
  switch (failure.kind) {
    case 'unreachable':
      return failure.during === undefined
        ? `Could not reach ${failure.server}: ${failure.reason}.`
        : `${failure.server} was reached, but ${failure.reason}.`
    case 'tls':
      return `No safe TLS connection to ${failure.server}: ${failure.reason}.`
    case 'silent':
      if (failure.octetsPerSecond !== undefined)
        return `${failure.server} was too slow: ${failure.octetsPerSecond} octets a second over ${secondsOf(failure.waitedMs)} s.`
      return failure.slow
        ? `${failure.server} was too slow: no end after ${secondsOf(failure.waitedMs)} s of ${phaseWords(failure.during)}.`
        : `${failure.server} said nothing for ${secondsOf(failure.waitedMs)} s during ${phaseWords(failure.during)}${throughProxy(failure)}${askedAgain(failure)}.`
    case 'credentials refused':
      if (failure.byToken)
        return `${failure.server} refused the token that the provider had just given${saying(failure.reply)}.`
      return `${failure.server} refused ${refusedOf(failure.reply)}${saying(failure.reply)}.`
    case 'throttled':
      if (failure.everyAccount)
        return `The mail store ${failure.server} wants less mail at a time${saying(failure.reply)}.`
      if (['quota used up', 'limit reached'].includes(meaningOf(failure.reply) ?? ''))
        return `${failure.server} gives no more for now${saying(failure.reply)}.`
      return `${failure.server} wants fewer visits${saying(failure.reply)}.`
    case 'maildrop in use':
      return `Another client holds this maildrop at ${failure.server}${saying(failure.reply)}.`
    case 'provider refused':
      return `${failure.server} refused ${commandWords(failure.during)}${saying(failure.reply)}.`
    case 'broken protocol':
      if (failure.speaks !== undefined)
        return `What answers at ${failure.server} is ${protocolWords(failure.speaks)}, and not POP3: "${failure.got}".`
      return `${failure.server} broke the protocol: expected ${failure.expected}, got "${failure.got}".`
    case 'store unreachable':
      return `The mail store could not be reached: ${failure.reason}.`
    case 'store refused':
      return `The mail store ${failure.server === undefined ? '' : `${failure.server} `}refused ${phaseWords(failure.during)}${saying(failure.reply)}.`
    case 'store full':
      return `The mail store is full${saying(failure.reply)}.`
    case 'sign-in needed':
      if (failure.reason === null) return `Nobody has signed in for ${failure.mailbox} yet.`
      return `The sign-in for ${failure.mailbox} holds no more${saying(failure.reason)}.`
    case 'token service unreachable':
      return `${failure.server}, which gives the tokens to log in with, could not be reached: ${failure.reason}.`
    case 'superseded':
      return 'Another worker took this account over; that run goes on in its place.'
    case 'stopped':
      return 'This run was stopped: its account was paused, moved to another mailbox or destination, or removed, a backup was restored, or its worker ended. The next run goes on where it ended.'
    case 'internal':
      if (failure.remedy !== undefined) return `${failure.reason}.`
      return `Something we did not expect: ${failure.reason}.`
    default:
      return assertNever(failure)
  }
}

function throughProxy({ proxy }: Extract<Failure, { kind: 'silent' }>): string {
  return proxy === undefined ? '' : ` through the proxy ${proxy}, which may be at fault itself`
}

function askedAgain({ silences }: Extract<Failure, { kind: 'silent' }>): string {
  if (silences === undefined) return ''
  return `; it was asked in ${silences.times} sessions, and said nothing for ${secondsOf(silences.ms)} s in all`
}

/** A status of IMAP alone, or nothing at all. */
const bare = /^(?:NO|BAD|BYE)?(?: \(login [^)]*\))?$/

/** The words of a server as they stand behind what it did; if it has given none, that is said. */
export function saying(reply: string): string {
  if (!bare.test(reply)) return `: "${reply}"`
  return reply === '' ? ', and gave no reason' : `, and gave no reason: "${reply}"`
}

/** A server that names another reason has not called the user name or the password wrong. */
function refusedOf(reply: string): string {
  const meaning = meaningOf(reply)
  const isOther = meaning === 'sign in on the web' || meaning === 'OAuth only' || meaning === 'password expired'
  return isOther ? 'the login' : 'the user name or password'
}

/** The next action of Tributary, and the one that somebody has to take. */
function after(failure: Failure): string {
  switch (failure.kind) {
    case 'unreachable':
      return afterTheEnd(failure)
    case 'tls':
    case 'credentials refused':
      return adviceOn(failure) ?? ''
    case 'throttled':
      if (failure.everyAccount) return laterAtTheStore(failure.backOffMs)
      if (meaningOf(failure.reply) === 'quota used up')
        return 'Tried again later by itself; it gives again mostly within a day.'
      return 'Tried again later by itself; if it stays so, let all programs visit this mailbox less often.'
    case 'provider refused':
      return afterRefusal(failure)
    case 'silent':
      return afterSilence(failure)
    case 'maildrop in use':
      return 'Tried again by itself; if it stays so, close other programs that fetch this mailbox by POP3.'
    case 'broken protocol': {
      const known = knownSentence(failure)
      if (known !== undefined) return `${known} Tried again by itself.`
      return 'Nothing uncertain was stored; tried again by itself. If it stays so, show this to the provider: its server is at fault, or a proxy or virus scanner in between.'
    }
    case 'store unreachable':
      if (knownSentence(failure) !== undefined)
        return `${knownSentence(failure)} No mail is lost; tried again by itself.`
      if (failure.passes) return 'It says that this passes: no mail is lost, and it is tried again by itself.'
      return 'No mail is lost; tried again by itself. If it stays so, check that the mail store runs, and its host and port.'
    case 'store refused':
      if (knownSentence(failure) !== undefined)
        return `${knownSentence(failure)} The mail stays at the provider, and is tried again by itself.`
      if (failure.passes) return 'The mail stays at the provider, and is tried again by itself.'
      if (failure.byToken) return `${tokenAdvice} The mail stays at the provider, and is tried again by itself.`
      return 'The mail stays at the provider, and is tried again by itself; if it stays so, the log of the mail store says why.'
    case 'store full':
      return 'Make room there; the mail stays at the provider until then.'
    case 'sign-in needed':
      return signInAdvice(failure)
    case 'token service unreachable':
      return 'The sign-in still holds, and no mail is lost; tried again by itself.'
    case 'superseded':
    case 'stopped':
      return ''
    case 'internal':
      if (failure.remedy !== undefined) return `${failure.remedy}.`
      return 'Tried again by itself; please report it if it stays so.'
    default:
      return assertNever(failure)
  }
}

const early = 'Tried again by itself; if it stays so, check port and tls, or the provider may shut this address out.'
const atLogin = 'Tried again by itself; if it stays so, check user name and password, and visit less often.'
const atMail =
  'What came whole before is kept, and the rest stays at the provider; tried again by itself. If it is so at this message each time, this message alone is set aside.'
const atDeletion =
  'What was to be deleted may still be at the provider; it is not stored again, and its deletion is tried again by itself.'
const afterLogin =
  'The login had gone well, and no mail is lost; tried again by itself. If it stays so, ask the provider whether it limits the visits.'

/** What follows where the connection ended in one of these phases; behind the login, any other. */
const endings: Partial<Readonly<Record<PhaseCode, string>>> = {
  'TLS handshake': early,
  greeting: early,
  CAPA: early,
  STLS: early,
  UTF8: early,
  USER: atLogin,
  PASS: atLogin,
  AUTH: atLogin,
  RETR: atMail,
  TOP: atMail,
  DELE: atDeletion,
  QUIT: atDeletion,
}

/** A connection that ended in the middle says another thing than one that never was. */
function afterTheEnd({ cause, during, proxy = '' }: Extract<Failure, { kind: 'unreachable' }>): string {
  if (cause === 'proxy')
    return `No mail is lost; tried again by itself. If it stays so: ${lowerFirst(stepSentence({ code: 'check the proxy', server: proxy }))}`
  if (during === undefined && cause === 'no such name')
    return 'Tried again by itself; check the spelling of the host if it stays so.'
  if (during === undefined && cause === 'no name server')
    return 'Tried again by itself; check the name servers that this machine asks if it stays so.'
  if (during === undefined) return 'Tried again by itself; check the host and port if it stays so.'
  return endings[phaseCode(during)] ?? afterLogin
}

function afterSilence({ slow, during }: Extract<Failure, { kind: 'silent' }>): string {
  if (slow) return 'Tried again by itself; if it stays so, the server, or the way to it, is too slow.'
  const code = phaseCode(during)
  if (code === 'RETR' || code === 'TOP') return atMail
  if (code === 'connection')
    return 'Tried again by itself; if it stays so, check host and port, or a firewall is in between.'
  if (code === 'TLS handshake' || code === 'greeting')
    return 'Tried again by itself; if it stays so, check port and tls: a server of another protocol may wait there for us to speak first.'
  return 'Tried again by itself; if it stays so, the provider can say why its server does not answer.'
}

function afterRefusal(failure: Extract<Failure, { kind: 'provider refused' }>): string {
  const known = knownSentence(failure)
  if (known !== undefined) return `${known} Tried again by itself.`
  if (failure.isChosen)
    return 'Tried again by itself; if it stays so, let `sasl` be null, or a mechanism that the server has.'
  return 'Tried again by itself; if it stays so, the provider can say what it means.'
}

/** The action that somebody has to take, if the trouble does not end by itself. */
function adviceOn(failure: Failure): string | undefined {
  const known = knownSentence(failure)
  if (failure.kind === 'sign-in needed') return signInAdvice(failure)
  if (failure.kind === 'tls') return known ?? "Check the host name and the account's TLS settings."
  if (failure.kind === 'credentials refused' && failure.byToken) return known ?? tokenAdvice
  if (failure.kind === 'credentials refused') return known ?? 'Check both; some providers want an app password.'
  return known
}

/** Outlook.com says the same of a mailbox whose POP3 is switched off, and of one that is another's. */
const tokenAdvice =
  'See in the settings of the mailbox that programs may fetch its mail; if they may, its owner signs in once more, and as nobody else.'

function signInAdvice({ page }: Extract<Failure, { kind: 'sign-in needed' }>): string {
  const where = page === undefined ? '' : ` at ${page}`
  return `Its owner, or an admin, signs in${where}; until then it is left alone.`
}

function knownSentence(failure: Failure): string | undefined {
  const step = knownStep(failure)
  return step && stepSentence(step)
}

/** The words for a command that a server refused. A command about a message is quoted as it was sent. */
function commandWords(phase: Phase): string {
  return isMessagePhase(phase) ? `${phase.code} ${phase.message}` : phaseWords(phase)
}

function lowerFirst(sentence: string): string {
  return `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`
}

function secondsOf(ms: number): number {
  return Math.round(ms / 100) / 10
}

function laterAtTheStore(backOffMs: number | undefined): string {
  const wait = backOffMs === undefined ? 'some minutes' : `the ${Math.ceil(backOffMs / 1000)} s that it asks for`
  return `Nothing goes there for ${wait}; no mail is lost.`
}
