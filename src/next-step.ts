/** What somebody can do about a failure, in one sentence: from what failed, the server's own words, and who the provider is. Pure. */
import type { TlsMode } from './account.ts'
import type { Failure } from './failure.ts'
import { hostOf } from './host.ts'
import { type Provider, providerOfHost } from './providers.ts'

/** How POP3 answers at the same host, where it was looked for after a failure. */
export interface Door {
  readonly port: number
  readonly tls: TlsMode
}

/** For whoever has tried an account; null: nothing is known to do. @param open undefined where nobody has looked. */
export function nextStep(failure: Failure, open?: readonly Door[]): string | null {
  const [door] = open ?? []
  if (door !== undefined && mayBeTheDoor(failure)) return throughDoor(failure, door)
  if (failure.kind === 'tls' && open !== undefined) return noSafeDoor
  return knownStep(failure) ?? usualStep(failure, open !== undefined)
}

/** Whether port or TLS mode may be what is wrong: then it is worth looking how the host answers otherwise. */
export function mayBeTheDoor(failure: Failure): boolean {
  if (failure.kind === 'unreachable')
    return !['no such name', 'no name server', 'out of reach', 'hung up at login'].includes(failure.cause ?? '')
  if (failure.kind === 'silent') return ['the connection', 'the TLS handshake', 'the greeting'].includes(failure.during)
  if (failure.kind === 'tls') return failure.trouble === 'not TLS' || failure.trouble === 'no STLS'
  return failure.kind === 'broken protocol' && otherProtocolOf(failure.got) !== undefined
}

/** What is known to help, and not only likely to; undefined where nothing is. */
export function knownStep(failure: Failure): string | undefined {
  if (failure.kind === 'tls') return tlsStep(failure)
  if (failure.kind === 'credentials refused') return loginStep(failure.reply, providerOfHost(hostOf(failure.server)))
  if (failure.kind !== 'provider refused' || !isSwitchedOff(failure.reply)) return undefined
  return switchOn(providerOfHost(hostOf(failure.server)))
}

type Login = 'app password' | 'web' | 'switched off' | 'OAuth' | 'locked'

/** How servers say that it is not the password, or not only; first match wins. */
const loginWordings: readonly (readonly [RegExp, Login])[] = [
  // Gmail, Yahoo; Mail.ru spells it with one p; QQ and 163 say authorization code.
  [/\bapp?(?:lication)?[ -](?:specific )?password|authori[sz]ation code/i, 'app password'],
  [/web ?login|log ?in via your web|web browser/i, 'web'],
  [/oauth|basic auth|modern auth/i, 'OAuth'],
  [/\b(?:account|mailbox|user)\b.{0,30}\b(?:lock|suspend|blocked|disabled|deactivated)/i, 'locked'],
]

/** POP3 itself, whoever logs in: `POP3 is disabled`, `not enabled for POP access`, `yet to enable POP`. */
const switchedOff = [
  /\bpop3?\b[^.]{0,30}(?:\bnot (?:yet )?(?:enabled|activated|allowed|permitted|available|supported)|disabled|deactivated|switched off|turned off)/i,
  /(?:enable|activate|switch on|turn on)[^.]{0,20}\bpop3?\b/i,
  /\b(?:not|no)\b[^.]{0,20}\b(?:enabled|allowed|permitted|access)\b[^.]{0,20}\bpop3?\b/i,
]

function isSwitchedOff(reply: string): boolean {
  return switchedOff.some((wording) => wording.test(reply))
}

function loginStep(reply: string, provider: Provider | undefined): string | undefined {
  const note = provider?.note
  const said = isSwitchedOff(reply) ? 'switched off' : loginWordings.find(([wording]) => wording.test(reply))?.[1]
  switch (said) {
    case 'switched off':
      return switchOn(provider)
    case 'app password':
      return (
        note ??
        "It wants an app password: make one in the provider's security settings, and use it in place of your own."
      )
    case 'OAuth':
      return (
        note ?? 'It takes logins by OAuth alone, which Tributary cannot do: have the mailbox forward its mail instead.'
      )
    case 'web':
      return "Sign in once on the provider's web page and confirm there that it was you, then try again."
    case 'locked':
      return "Sign in on the provider's web page: the account is locked, and it says there how to open it again."
    case undefined:
      return note === undefined ? undefined : `If user name and password are right: ${note}`
  }
}

function switchOn(provider: Provider | undefined): string {
  return provider?.note ?? 'Switch POP3 on in the settings of the mailbox, on the web page of its provider.'
}

function tlsStep({ trouble, certificate }: Extract<Failure, { kind: 'tls' }>): string | undefined {
  const pin = certificate === undefined ? undefined : `tlsFingerprint ${certificate.fingerprint}`
  switch (trouble) {
    case 'expired':
      return pin && `The provider has to renew it; until then, ${pin} lets exactly this one in.`
    case 'not yet valid':
      return "Check this machine's clock; if it is right, the provider has to put its certificate right."
    case 'another name':
      return anotherName(certificate?.names ?? [], pin)
    case 'signed by itself':
    case 'unknown signer':
      return pin && `If you know this server, ${pin} lets exactly this certificate in.`
    case 'another fingerprint':
      return pin && `If its provider has renewed the certificate, set ${pin}; if not, somebody may be in between.`
    case 'old version':
      return 'The provider has to offer TLS 1.2 or newer; below that nothing is safe.'
    case 'not TLS':
      return 'Set tls to "starttls" for this port; where TLS speaks from the first byte, that is mostly port 995.'
    case 'no STLS':
      return 'Set tls to "implicit", and the port to 995.'
    case undefined:
      return undefined
  }
}

function anotherName(names: readonly string[], pin: string | undefined): string | undefined {
  const host = names.find((name) => !name.startsWith('*.'))
  if (host !== undefined)
    return `If you know ${host} to be your provider's, set the host to that: it is what the certificate is for.`
  const [wildcard] = names
  if (wildcard !== undefined)
    return `If you know ${wildcard.slice(2)} to be your provider's, set the host to a name under it: that is what the certificate is for.`
  return pin && `If you know this server, ${pin} lets exactly this certificate in.`
}

function throughDoor(failure: Failure, { port, tls }: Door): string {
  const blocked = failure.kind === 'silent' && failure.during === 'the connection'
  const why = blocked ? 'A firewall in between seems to block this port, but POP3' : 'POP3'
  return `${why} answers at port ${port} of the same host: set the port to ${port} and tls to "${tls}".`
}

/** What answers instead, by how it greets. */
function otherProtocolOf(got: string): string | undefined {
  if (/^\* (?:OK|PREAUTH|BYE)\b/i.test(got)) return 'IMAP'
  if (/^220[ -]/.test(got)) return 'SMTP'
  return /^(?:HTTP\/|<!?[a-z])/i.test(got) ? 'the web' : undefined
}

function usualStep(failure: Failure, looked: boolean): string | null {
  switch (failure.kind) {
    case 'unreachable':
      return unreachableStep(failure, looked)
    case 'silent':
      if (failure.slow) return 'Try again later: the server is too slow just now.'
      return mayBeTheDoor(failure) ? noDoor(failure.server, looked) : 'Try again in some minutes.'
    case 'tls':
      return "Check the host name and the account's TLS settings."
    case 'credentials refused':
      return 'Check user name and password: many providers want the whole address as user name, and some an app password.'
    case 'throttled':
      return 'Wait some minutes before you try again: each try counts.'
    case 'maildrop in use':
      return 'Close other programs that fetch this mailbox by POP3, or wait: some providers keep it locked for 15 minutes.'
    case 'provider refused':
      return 'Try again in some minutes; if it stays so, the provider can say what it means.'
    case 'broken protocol': {
      const other = otherProtocolOf(failure.got)
      if (other === undefined) return 'Check host and port: what answers there does not speak POP3 as it should.'
      return `Check host and port: what answers there is ${other}, and POP3 is mostly at port 995 with tls "implicit".`
    }
    case 'store unreachable':
    case 'store refused':
    case 'store full':
    case 'superseded':
    case 'stopped':
      return null
    case 'internal':
      return failure.remedy === undefined ? null : `${failure.remedy}.`
  }
}

function unreachableStep({ server, cause }: Extract<Failure, { kind: 'unreachable' }>, looked: boolean): string | null {
  if (cause === undefined)
    return 'Try again in some minutes; if it stays so, check host and port, or the provider may shut this address out.'
  switch (cause) {
    case 'no such name':
      return `Check how ${hostOf(server)} is spelt; discovery finds the right host by the address for most providers.`
    case 'no name server':
      return 'Try again soon; if it stays so, the name servers that this machine asks do not answer.'
    case 'hung up at login': {
      const note = providerOfHost(hostOf(server))?.note
      if (note !== undefined) return `If user name and password are right: ${note}`
      return 'Check user name and password, and wait some minutes before you try again.'
    }
    // The guard has said what to do.
    case 'out of reach':
      return null
    case 'refused':
    case 'no answer':
      return noDoor(server, looked)
  }
}

const noSafeDoor =
  'Ask the provider for a host with TLS: this one has it at no usual port, and with tls "none" anybody on the way can read the password.'

function noDoor(server: string, looked: boolean): string {
  const nowhere = looked ? 'POP3 answers at no usual port of it' : 'nothing answers at this port'
  return `Check host and port: ${nowhere}; if they are right, a firewall may keep connections to ${server} from going out.`
}
