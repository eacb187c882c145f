/** What somebody can do where an account's SMTP server does not let it send (CONTRACT section 11). Pure. */
import { providerOfHost } from '../account/providers.ts'
import { hostOf } from '../account/server-traits.ts'
import { assertNever } from '../assert-never.ts'
import type { Failure } from './failure.ts'
import { meaningOf } from './meaning.ts'
import type { Meaning } from './meanings.ts'

/** A dashboard has words of its own for each. */
export const smtpStepCodes = [
  'name the server',
  'check login',
  'app password',
  'sign in again',
  'sign in instead',
  'switch sending on',
  'confirm on the web',
  'unlock on the web',
  'other encryption',
  'check certificate',
  'other port',
  'check the host',
  'let the address in',
  'log in',
  'own address',
  'later',
  'ask the provider',
] as const
export type SmtpStep = (typeof smtpStepCodes)[number]

const sentences: Readonly<Record<SmtpStep, string>> = {
  'name the server':
    'Nobody says where the provider takes mail: set smtp to its server, which the help pages of the provider name, or to false if nothing is to be sent.',
  'check login': 'Check user and password: they are those of POP3, unless smtp has a user and a password of its own.',
  'app password':
    "It wants an app password: make one in the provider's security settings, and use it in place of your own.",
  'sign in again':
    'What was agreed to at the sign-in does not include sending: sign in again, and agree to it there. An application with scopes of its own has to name that for SMTP as well.',
  'sign in instead':
    'It takes no password: sign in at its provider (auth "oauth2"), by an application that is registered there.',
  'switch sending on':
    'Sending by programs (SMTP) is switched off for this mailbox: switch it on in its settings at the provider, or ask whoever administers it.',
  'confirm on the web': "Sign in once on the provider's web page and confirm there that it was you, then try again.",
  'unlock on the web':
    "Sign in on the provider's web page: the account is locked, and it says there how to open it again.",
  'other encryption':
    'Nothing is sent without encryption: set tls of smtp to "implicit" and its port to 465; if it has that neither, ask the provider.',
  'check certificate':
    'Check the host; if it is right and you know its certificate, set tlsFingerprint of smtp to that one.',
  'other port':
    'Many networks keep port 25 shut, and some 465 or 587 as well: try port 587 with tls "starttls", or 465 with "implicit", and ask whoever runs the network.',
  'check the host': 'Check the host of smtp: there is no such server.',
  'let the address in':
    'The provider shuts out the address or the country that Tributary comes from: let it in in the security settings of the mailbox, or ask the provider.',
  'log in':
    'It takes mail for others from those alone who are logged in as the owner of the address: check user and password, and that this is the server for sending and not the one that receives mail.',
  'own address':
    'The provider does not send as this address for this login: add the address there as one of your own, or set user and password of smtp to those of the mailbox that it belongs to.',
  later: 'Try again later: it says that this passes.',
  'ask the provider': 'Ask the provider what it wants.',
}

export function smtpStepSentence(step: SmtpStep): string {
  return sentences[step]
}

/** What to do after a failed test; null where nothing is known to do. */
export function smtpStepOf(failure: Failure): SmtpStep | null {
  switch (failure.kind) {
    case 'credentials refused':
      return loginStep(failure.reply, failure.server, failure.byToken === true)
    case 'provider refused':
      if (failure.passes) return 'later'
      if (/\b5[.]7[.](?:1|60)\b|relay/i.test(failure.reply) && /relay/i.test(failure.reply)) return 'log in'
      if (failure.during === 'MAIL') return 'own address'
      return refusedStep(failure.reply, failure.server) ?? 'ask the provider'
    case 'throttled':
      return 'later'
    case 'tls':
      if (failure.trouble === 'no STLS' || failure.trouble === 'no TLS after STLS' || failure.trouble === 'not TLS')
        return 'other encryption'
      return 'check certificate'
    case 'unreachable':
      if (failure.cause === 'no such name') return 'check the host'
      if (failure.cause === 'no name server' || failure.cause === 'proxy') return 'later'
      return failure.cause === 'out of reach' ? null : 'other port'
    case 'silent':
      return failure.during === 'connection' || failure.during === 'greeting' ? 'other port' : 'later'
    case 'broken protocol':
      return 'other port'
    case 'sign-in needed':
      return 'sign in again'
    case 'token service unreachable':
      return 'later'
    case 'maildrop in use':
    case 'store unreachable':
    case 'store refused':
    case 'store full':
    case 'superseded':
    case 'stopped':
    case 'internal':
      return null
    default:
      return assertNever(failure)
  }
}

/** Microsoft's words where SMTP AUTH is off for a mailbox or an organization (535 5.7.139, 5.7.3, 5.7.57). */
const sendingOff =
  /SmtpClientAuthentication is disabled|SMTP ?AUTH(?:entication)? is disabled|smtp access (?:is )?disabled/i

const byMeaning: Partial<Readonly<Record<Meaning, SmtpStep>>> = {
  'switched off': 'switch sending on',
  'app password': 'app password',
  'OAuth only': 'sign in instead',
  'sign in on the web': 'confirm on the web',
  'locked account': 'unlock on the web',
  'mailbox disabled': 'unlock on the web',
  'shut out': 'let the address in',
  'wants TLS': 'other encryption',
}

function refusedStep(reply: string, server: string): SmtpStep | null {
  if (sendingOff.test(reply)) return 'switch sending on'
  const meaning = meaningOf(reply)
  if (meaning === 'wrong password' || meaning === 'password expired') return passwordStep(server)
  return meaning === undefined ? null : (byMeaning[meaning] ?? null)
}

function loginStep(reply: string, server: string, byToken: boolean): SmtpStep {
  if (/\brelay/i.test(reply)) return 'log in'
  const told = refusedStep(reply, server)
  if (told === 'switch sending on' || told === 'confirm on the web' || told === 'unlock on the web') return told
  // A token that POP3 takes is refused here where it was not given for sending.
  if (byToken) return 'sign in again'
  return told ?? passwordStep(server)
}

/** Some providers of the list take app passwords alone, whatever their servers say. */
function passwordStep(server: string): SmtpStep {
  const wants = providerOfHost(hostOf(server), 'smtp')?.advice?.code ?? ''
  if (wants === 'sign in') return 'sign in instead'
  return wants.startsWith('app password') ? 'app password' : 'check login'
}
