/** The steps that somebody can take after a failure, each with its facts and its sentence for programs. The dashboard has words of its own. */
import type { TlsMode } from '../account/account.ts'
import type { Advice } from '../account/provider-advice.ts'
import type { RemedyStep } from './remedy.ts'
import { type Protocol, protocolWords } from './spoken.ts'

export type Step =
  /** POP3 answers at another port. `blocked`: a firewall seems to block this one. */
  | { readonly code: 'other port'; readonly port: number; readonly tls: TlsMode; readonly blocked: boolean }
  | { readonly code: 'no safe port' }
  /** `certain`: the server has named this reason. */
  | {
      readonly code: 'provider note'
      readonly provider: string
      readonly note: string
      /** The note as a code, for people who read another language. */
      readonly advice?: Advice
      readonly certain: boolean
    }
  | { readonly code: 'app password' }
  /** Of a record from before Tributary could sign in. */
  | { readonly code: 'forward instead' }
  | { readonly code: 'sign in instead' }
  /** The user name or the password has letters beyond ASCII. */
  | { readonly code: 'plain letters' }
  | { readonly code: 'confirm on the web' }
  | { readonly code: 'unlock on the web' }
  | { readonly code: 'switch POP3 on' }
  | { readonly code: 'other tariff' }
  /** The mailbox lies on another host; null if it is not named. */
  | { readonly code: 'moved'; readonly host: string | null }
  | { readonly code: 'make room' }
  | { readonly code: 'let the address in' }
  | { readonly code: 'use TLS' }
  /** The server offers less than what has let this login in before. */
  | { readonly code: 'choose TLS or sasl' }
  | { readonly code: 'choose a new password' }
  | { readonly code: 'renew the licence' }
  | { readonly code: 'pin until renewed'; readonly fingerprint: string }
  | { readonly code: 'pin if known'; readonly fingerprint: string }
  | { readonly code: 'pin if renewed'; readonly fingerprint: string }
  | { readonly code: 'install the chain'; readonly fingerprint: string }
  | { readonly code: 'set a host name' }
  | { readonly code: 'provider mends TLS' }
  | { readonly code: 'check the clock' }
  | { readonly code: 'set the host'; readonly host: string }
  | { readonly code: 'set a host under'; readonly domain: string }
  | { readonly code: 'newer TLS' }
  | { readonly code: 'allow old TLS' }
  /** `certain`: the server is too weak, and nothing else. */
  | { readonly code: 'allow weak TLS'; readonly certain: boolean }
  | { readonly code: 'ask for less TLS' }
  /** `server`: host and port of the proxy. */
  | { readonly code: 'check the proxy'; readonly server: string }
  | { readonly code: 'set starttls' }
  | { readonly code: 'set implicit' }
  | { readonly code: 'set implicit here' }
  | { readonly code: 'check TLS' }
  | { readonly code: 'check login' }
  | { readonly code: 'slow to greet' }
  | { readonly code: 'check login, then wait' }
  | { readonly code: 'check spelling'; readonly host: string }
  /** `server`: host and port. `looked`: the host's usual ports were tried, too. */
  | { readonly code: 'check host and port'; readonly server: string; readonly looked: boolean }
  | { readonly code: 'check host, or shut out' }
  | { readonly code: 'not POP3'; readonly speaks: Protocol | null }
  | { readonly code: 'name servers' }
  | { readonly code: 'try later' }
  | { readonly code: 'try later, too slow' }
  | { readonly code: 'wait, each try counts' }
  | { readonly code: 'wait for the quota' }
  | { readonly code: 'close other programs' }
  | { readonly code: 'ask the provider' }
  | { readonly code: 'provider must act' }
  /** The folder takes no mail from this login. */
  | { readonly code: 'open the folder'; readonly folder: string }
  /** The login of a destination was refused. */
  | { readonly code: 'set the destination login' }
  | { readonly code: 'app password for the destination' }
  | { readonly code: 'new password for the destination' }
  /** Of a record from before Tributary could sign in. */
  | { readonly code: 'another destination' }
  | { readonly code: 'sign the destination in' }
  | { readonly code: 'switch IMAP on' }
  | { readonly code: 'use TLS for the destination' }
  | RemedyStep

/** The sentences use the words of the API: its fields, and their values. */
const sentences: { readonly [Code in Step['code']]: (step: Extract<Step, { code: Code }>) => string } = {
  'other port': (step) => {
    const why = step.blocked ? 'A firewall in between seems to block this port, but POP3' : 'POP3'
    return `${why} answers at port ${step.port} of the same host: set the port to ${step.port} and tls to "${step.tls}".`
  },
  'no safe port': () =>
    'Ask the provider for a host with TLS: this one has it at no usual port, and with tls "none" anybody on the way can read the password.',
  'provider note': (step) => (step.certain ? step.note : `If user name and password are right: ${step.note}`),
  'app password': () =>
    "It wants an app password: make one in the provider's security settings, and use it in place of your own.",
  'forward instead': () =>
    'It takes no password: sign in at its provider (auth "oauth2"), or have the mailbox forward its mail instead.',
  'sign in instead': () =>
    'It takes no password: sign in at its provider (auth "oauth2"), by an application that is registered there.',
  'plain letters': () =>
    'The user name or the password has letters beyond ASCII, which some servers read in another way than they are sent: if both are right, choose a password of plain letters, digits and signs at the provider.',
  'confirm on the web': () =>
    "Sign in once on the provider's web page and confirm there that it was you, then try again.",
  'unlock on the web': () =>
    "Sign in on the provider's web page: the account is locked, and it says there how to open it again.",
  'switch POP3 on': () => 'Switch POP3 on in the settings of the mailbox, on the web page of its provider.',
  'other tariff': () =>
    'POP3 is not part of what this mailbox has at its provider: choose a tariff there that includes it, or have the mailbox forward its mail instead.',
  moved: (step) =>
    step.host === null
      ? 'The mailbox has moved: ask the provider for its new host, and set the host to that.'
      : `The mailbox has moved: if you know ${step.host} to be your provider's, set the host to that.`,
  'make room': () => "The mailbox is full: make room in it on the provider's web page.",
  'let the address in': () =>
    'The provider shuts out the address or the country that Tributary comes from: let it in in the security settings of the mailbox, or ask the provider.',
  'use TLS': () =>
    'It takes no password in clear: set tls to "implicit" and the port to 995, or tls to "starttls" for this port.',
  'choose TLS or sasl': () =>
    'Somebody may be in between, and a new password does not change that: set tls to "implicit" or "starttls", or, if the provider says that it is right so, choose the mechanism by `sasl`.',
  'choose a new password': () => "Choose a new password on the provider's web page, and set it here.",
  'renew the licence': () => 'The mail server lacks a licence: its operator has to renew it; no setting here helps.',
  'pin until renewed': (step) =>
    `The provider has to renew it; until then, tlsFingerprint ${step.fingerprint} lets exactly this one in.`,
  'pin if known': (step) =>
    `If you know this server, tlsFingerprint ${step.fingerprint} lets exactly this certificate in.`,
  'pin if renewed': (step) =>
    `If its provider has renewed the certificate, set tlsFingerprint ${step.fingerprint}; if not, somebody may be in between.`,
  'install the chain': (step) =>
    `Ask the provider to install the whole chain of its certificate; until then, if you know this server, tlsFingerprint ${step.fingerprint} lets exactly this certificate in.`,
  'set a host name': () => 'Set the host to the name of the server, which its provider tells, in place of its address.',
  'provider mends TLS': () =>
    'Its provider has to put that right; if other programs get in from elsewhere, something in between disturbs the connection.',
  'check the clock': () => "Check this machine's clock; if it is right, the provider has to put its certificate right.",
  'set the host': (step) =>
    `If you know ${step.host} to be your provider's, set the host to that: it is what the certificate is for.`,
  'set a host under': (step) =>
    `If you know ${step.domain} to be your provider's, set the host to a name under it: that is what the certificate is for.`,
  'newer TLS': () => 'The provider has to offer TLS 1.2 or newer; below that nothing is safe.',
  'allow old TLS': () =>
    'The provider has to offer TLS 1.2 or newer; until then tlsMinVersion "TLSv1" lets it in, and somebody on the way may be able to read what is sent.',
  'allow weak TLS': (step) =>
    step.certain
      ? 'Its provider has to put that right; until then tlsLegacy true lets it in, and somebody on the way may be able to read what is sent.'
      : 'Its provider has to put that right; if the server is an old one, tlsLegacy true may let it in, and somebody on the way may be able to read what is sent.',
  'ask for less TLS': () => 'Set tlsMinVersion to "TLSv1.2", which is safe, or ask the provider for TLS 1.3.',
  'check the proxy': (step) =>
    `See that the proxy ${step.server} runs, that it lets Tributary connect to this port, and that its user name and password are right.`,
  'set starttls': () =>
    'Set tls to "starttls" for this port; where TLS speaks from the first byte, that is mostly port 995.',
  'set implicit': () => 'Set tls to "implicit", and the port to 995.',
  'set implicit here': () => 'Set tls to "implicit" for this port: it speaks TLS from the first byte.',
  'check TLS': () => "Check the host name and the account's TLS settings.",
  'slow to greet': () =>
    'It takes connections and says nothing: check the port and its TLS mode. If they are right, it is slow, and a run, which waits longer than this test, may still get in.',
  'check login': () =>
    'Check user name and password: many providers want the whole address as user name, and some an app password.',
  'check login, then wait': () => 'Check user name and password, and wait some minutes before you try again.',
  'check spelling': (step) =>
    `Check how ${step.host} is spelt; discovery finds the right host by the address for most providers.`,
  'check host and port': (step) => {
    const nowhere = step.looked ? 'POP3 answers at no usual port of it' : 'nothing answers at this port'
    return `Check host and port: ${nowhere}; if they are right, a firewall may keep connections to ${step.server} from going out.`
  },
  'check host, or shut out': () =>
    'Try again in some minutes; if it stays so, check host and port, or the provider may shut this address out.',
  'not POP3': (step) => {
    if (step.speaks === null)
      return 'Check host and port: what answers there does not speak POP3 as it should. If they are right, ask the provider, or look for a proxy or a virus scanner in between.'
    return `Check host and port: what answers there is ${protocolWords(step.speaks)}, and POP3 is mostly at port 995 with tls "implicit".`
  },
  'name servers': () => 'Try again soon; if it stays so, the name servers that this machine asks do not answer.',
  'try later': () => 'Try again in some minutes.',
  'try later, too slow': () => 'Try again later: the server is too slow just now.',
  'wait, each try counts': () => 'Wait some minutes before you try again: each try counts.',
  'wait for the quota': () =>
    'It gives only so much mail in a day or an hour, and that is used up: wait until it gives again, mostly within a day.',
  'close other programs': () =>
    'Close other programs that fetch this mailbox by POP3, or wait: some providers keep it locked for 15 minutes.',
  'ask the provider': () => 'Try again in some minutes; if it stays so, the provider can say what it means.',
  'provider must act': () => 'The server says that this does not pass by itself: ask the provider to put it right.',
  'open the folder': (step) =>
    `See at the mail store that this login may write into the folder ${step.folder} and that it is not full, or choose another folder for the account.`,
  'set the destination login': () =>
    "Set the destination's user name and password: many providers want the whole address as user name, and some an app password.",
  'app password for the destination': () =>
    "It wants an app password: make one in the provider's security settings, and set it as the destination's password.",
  'new password for the destination': () =>
    "Choose a new password on the provider's web page, and set it as the destination's password.",
  'another destination': () =>
    'It takes no password: sign it in at its provider (auth "oauth2"), or set an app password if its provider has them.',
  'sign the destination in': () =>
    'It takes no password: sign it in at its provider (auth "oauth2"), or set an app password if its provider has them.',
  'switch IMAP on': () => 'Switch IMAP on in the settings of that mailbox, on the web page of its provider.',
  'use TLS for the destination': () =>
    'It takes no password in clear: set the destination\'s tls to "implicit" and its port to 993, or tls to "starttls" for this port.',
  remedy: (step) => `${step.remedy}.`,
}

export const stepCodes = Object.keys(sentences) as readonly Step['code'][]

export function stepSentence(step: Step): string {
  // Each sentence takes the facts of its own code; TypeScript does not see that the two go together.
  return (sentences[step.code] as (step: Step) => string)(step)
}
