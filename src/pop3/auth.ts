/** Carries one exchange of SASL (RFC 5034): AUTH, challenges and responses in base64, and the end of an exchange that goes wrong. */
import type { Phase } from '../failure/phase.ts'
import { SaslBroken } from '../sasl/broken.ts'
import type { LoginMemory } from '../sasl/choice.ts'
import type { Exchange, SaslCredentials } from '../sasl/exchange.ts'
import { saslLimits } from '../sasl/limits.ts'
import { isOfMechanism } from '../sasl/refusal-words.ts'
import type { Reply } from './reply.ts'

/** What became of one way to log in. */
export type Outcome =
  | { readonly kind: 'in' }
  | { readonly kind: 'refused'; readonly text: string; readonly during: Phase }
  /** The server does not do as the mechanism says. `isOpen`: it was told so, and takes another command. */
  | { readonly kind: 'broken'; readonly reason: string; readonly isImpostor: boolean; readonly isOpen: boolean }

export interface AuthLine {
  ask(words: string | Buffer, during: Phase): Promise<Reply>
  /** Hides a response in everything that people see. */
  hide(secret: string): void
}

/** RFC 2449 section 4: a command has 255 octets at most, including CRLF; a longer response waits for the challenge. */
const commandOctetsMax = 255 - '\r\n'.length

export async function authenticate(
  line: AuthLine,
  exchange: Exchange,
  credentials: SaslCredentials,
  memory: LoginMemory,
): Promise<Outcome> {
  const during: Phase = { code: 'AUTH', mechanism: exchange.name }
  const first = exchange.start(credentials)
  const written = first === null ? undefined : base64Of(first) || '='
  const whole = `AUTH ${exchange.name} ${written}`
  let isInline = written !== undefined && whole.length <= commandOctetsMax && !memory.has('AUTH in two steps')
  /** The initial response, until it is sent. */
  let held = isInline ? null : first
  const say = async (words: string, response: string) => {
    if (response.length > 1) line.hide(response)
    const reply = await line.ask(words, during)
    // Some servers repeat what they refuse.
    return reply.shape === 'refused' && response.length > 3
      ? { ...reply, text: reply.text.replaceAll(response, '***') }
      : reply
  }
  try {
    let reply = await say(isInline ? whole : `AUTH ${exchange.name}`, isInline ? (written ?? '') : '')
    for (let asked = 0; ; ) {
      if (reply.shape === 'refused') {
        // Office 365 answers the form of one line with "Protocol error".
        if (!isInline || asked > 0 || !isOfMechanism(reply.text)) return { kind: 'refused', text: reply.text, during }
        isInline = false
        held = first
        reply = await say(`AUTH ${exchange.name}`, '')
        if (reply.shape !== 'refused') memory.add('AUTH in two steps')
        continue
      }
      if (reply.shape !== 'status') throw new SaslBroken('no answer to AUTH')
      // Some say +OK where they ask on (MailKit issue 391).
      if (!reply.mere && held === null && exchange.isDone) return { kind: 'in' }
      if ((asked += 1) > saslLimits.challengesMax) throw new SaslBroken(`${exchange.name} without an end`)
      const isFirstAgain = isInline && asked === 1 && first !== null && reply.text === '' && exchange.isDone
      const response = held ?? (isFirstAgain ? first : await exchange.next(challengeIn(reply, exchange)))
      held = null
      const encoded = base64Of(response)
      reply = await say(encoded, encoded)
    }
  } catch (error) {
    if (!(error instanceof SaslBroken)) throw error
    const { isImpostor } = error
    // RFC 5034 section 4: the exchange is given up.
    const isOpen = !isImpostor && (await line.ask('*', during)).shape === 'refused'
    return { kind: 'broken', reason: error.message, isImpostor, isOpen }
  }
}

function base64Of(response: Buffer): string {
  return response.toString('base64')
}

/** @throws SaslBroken */
function challengeIn(
  { text, mere }: Extract<Reply, { shape: 'status' }>,
  { name, readsChallenges, isDone }: Exchange,
): Buffer {
  if (text.length > saslLimits.challengeOctetsMax) throw new SaslBroken(`a challenge of ${text.length} octets`)
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return Buffer.from(text, 'base64')
  // Success before the server has proven that it knows the password.
  if (name.startsWith('SCRAM') && !mere && !isDone)
    throw new SaslBroken(`success of ${name} without its signature`, true)
  // Some write words for people there (MailKit issue 268).
  if (!readsChallenges) return Buffer.alloc(0)
  throw new SaslBroken(`a challenge of ${name} that is no base64`)
}
