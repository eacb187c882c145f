/** Finds a step that somebody can take after a failure, from the failure, the server's own words, and the provider. Pure. */
import type { TlsMode } from '../account/account.ts'
import type { Failure } from './failure.ts'
import { hostOf } from '../account/server-traits.ts'
import { hostNamedIn, isMatterOfTariff, meaningOf, shutsOut } from './meaning.ts'
import { type Provider, providerOfHost } from '../account/providers.ts'
import { keepsOut } from './meanings.ts'
import { remedyStep } from './remedy.ts'
import { isMessagePhase, type Phase, type PhaseCode, phaseCode } from './phase.ts'
import { codeIn } from './skeleton.ts'
import { type Protocol, protocolIn } from './spoken.ts'
import type { Step } from './step.ts'

/** A port and TLS mode at which POP3 answers at the same host, found after a failure. */
export interface Door {
  readonly port: number
  readonly tls: TlsMode
}

/** The step for somebody who has tried an account; null if no step is known. @param open undefined if nobody has looked. */
export function nextStep(failure: Failure, open?: readonly Door[]): Step | null {
  const [door] = open ?? []
  if (door !== undefined && mayBeTheDoor(failure)) return throughDoor(failure, door)
  const known = knownStep(failure)
  if (known?.code === 'not POP3') return known
  if (failure.kind === 'tls' && open !== undefined) return { code: 'no safe port' }
  return known ?? usualStep(failure, open !== undefined)
}

/** Whether the port or the TLS mode may be wrong: then it is worth trying the host's other ports. */
export function mayBeTheDoor(failure: Failure): boolean {
  if (failure.kind === 'unreachable')
    return (
      !['no such name', 'no name server', 'out of reach', 'hung up at login', 'proxy'].includes(failure.cause ?? '') &&
      isBeforePop3(failure.during ?? 'connection')
    )
  if (failure.kind === 'silent') return isBeforePop3(failure.during)
  if (failure.kind === 'tls') return ['not TLS', 'no STLS', 'no TLS after STLS'].includes(failure.trouble ?? '')
  return failure.kind === 'broken protocol' && spokenIn(failure) !== null
}

/** Whether nobody has spoken POP3 until then. */
function isBeforePop3(during: Phase): boolean {
  return ['connection', 'TLS handshake', 'greeting'].includes(phaseCode(during))
}

/** The step that is certain to help, and not only likely; undefined if there is none. */
export function knownStep(failure: Failure): Step | undefined {
  if (failure.kind === 'tls') return tlsStep(failure)
  if (failure.kind === 'internal') return failure.remedy === undefined ? undefined : remedyStep(failure.remedy)
  if (failure.kind === 'unreachable' && failure.cause === 'proxy' && failure.proxy !== undefined)
    return { code: 'check the proxy', server: failure.proxy }
  if (failure.kind === 'broken protocol' && failure.isWeaker) return { code: 'choose TLS or sasl' }
  if (failure.kind === 'broken protocol' && failure.speaks !== undefined) return otherProtocol(failure.speaks)
  // No other password helps whoever has none.
  if (failure.kind === 'credentials refused' && failure.byToken)
    return meaningOf(failure.reply) === 'switched off' ? { code: 'switch POP3 on' } : undefined
  if (failure.kind === 'credentials refused')
    return loginStep(failure.reply, providerOfHost(hostOf(failure.server)), failure.beyondAscii ?? false)
  if (failure.kind === 'store refused' || failure.kind === 'store unreachable') return storeStep(failure)
  if (failure.kind === 'throttled' && !failure.everyAccount && meaningOf(failure.reply) === 'quota used up')
    return { code: 'wait for the quota' }
  if (failure.kind !== 'provider refused') return undefined
  const { during, reply } = failure
  const meaning = meaningOf(reply)
  // At a message it is what was fetched that is too much.
  if (meaning === 'store full' && !isMessagePhase(during)) return { code: 'make room' }
  if (phaseCode(during) === 'connection' && shutsOut(reply)) return { code: 'let the address in' }
  const keepsUsOut = keepsOut(meaning) || meaning === 'shut out' || meaning === 'unlicensed'
  if (meaning !== 'switched off' && !(keepsUsOut && atTheDoor.has(phaseCode(during)))) return undefined
  return loginStep(reply, providerOfHost(hostOf(failure.server)), false)
}

function storeStep(failure: Extract<Failure, { kind: 'store refused' | 'store unreachable' }>): Step | undefined {
  if (failure.kind === 'store unreachable' && failure.isWeaker) return { code: 'choose TLS or sasl' }
  if (failure.kind === 'store unreachable')
    return failure.bye !== undefined && shutsOut(failure.bye) ? { code: 'let the address in' } : undefined
  const { during, reply } = failure
  if (during === 'login' && failure.byToken)
    return meaningOf(reply) === 'switched off' ? { code: 'switch IMAP on' } : undefined
  if (during === 'login') return destinationStep(reply.replace(/ \(login [^)]*\)$/, ''))
  if (typeof during === 'object' && during.code === 'APPEND') return { code: 'open the folder', folder: during.folder }
  return undefined
}

/** What helps where the login of a destination is refused. */
function destinationStep(reply: string): Step | undefined {
  const meaning = meaningOf(reply)
  switch (meaning) {
    case 'wrong password':
    case 'gone':
    case 'refused for good':
    case undefined:
      return { code: 'set the destination login' }
    case 'app password':
      return { code: 'app password for the destination' }
    case 'password expired':
      return { code: 'new password for the destination' }
    case 'OAuth only':
      return { code: 'sign the destination in' }
    case 'switched off':
      return { code: 'switch IMAP on' }
    case 'wants TLS':
      return { code: 'use TLS for the destination' }
    case 'sign in on the web':
    case 'locked account':
    case 'mailbox disabled':
    case 'shut out':
    case 'unlicensed':
    case 'moved':
      return loginStep(reply, undefined, false)
    case 'throttled':
    case 'quota used up':
    case 'limit reached':
    case 'temporary':
    case 'in use':
    case 'store full':
      return undefined
  }
}

/** The phases in which a server says that it lets nobody in. */
const atTheDoor: ReadonlySet<PhaseCode> = new Set(['connection', 'USER', 'PASS', 'AUTH'])

function loginStep(reply: string, provider: Provider | undefined, beyondAscii: boolean): Step | undefined {
  switch (meaningOf(reply)) {
    case 'switched off':
      return noteOf(provider, true) ?? { code: isMatterOfTariff(reply) ? 'other tariff' : 'switch POP3 on' }
    case 'moved':
      return { code: 'moved', host: hostNamedIn(reply) ?? null }
    case 'app password':
      return noteOf(provider, true) ?? { code: 'app password' }
    case 'OAuth only':
      return noteOf(provider, true) ?? { code: 'sign in instead' }
    case 'sign in on the web':
      return { code: 'confirm on the web' }
    case 'locked account':
    case 'mailbox disabled':
      return { code: 'unlock on the web' }
    case 'shut out':
      return { code: 'let the address in' }
    case 'wants TLS':
      return { code: 'use TLS' }
    case 'password expired':
      return { code: 'choose a new password' }
    case 'unlicensed':
      return { code: 'renew the licence' }
    case 'throttled':
    case 'quota used up':
    case 'limit reached':
    case 'temporary':
    case 'in use':
    case 'gone':
    case 'refused for good':
    case 'wrong password':
    case 'store full':
    case undefined:
      return beyondAscii ? { code: 'plain letters' } : noteOf(provider, false)
  }
}

function noteOf(provider: Provider | undefined, certain: boolean): Step | undefined {
  if (provider?.note === undefined) return undefined
  const { name, note, advice } = provider
  return { code: 'provider note', provider: name, note, ...(advice === undefined ? {} : { advice }), certain }
}

/** The protocol that answers instead; null if its words do not tell. */
function spokenIn({ speaks, got }: Extract<Failure, { kind: 'broken protocol' }>): Protocol | null {
  const spoken = speaks ?? protocolIn(got)
  return spoken === undefined || spoken === 'POP3' ? null : spoken
}

function otherProtocol(speaks: Protocol): Step {
  return speaks === 'TLS' ? { code: 'set implicit here' } : { code: 'not POP3', speaks }
}

/** The step for a TLS failure; undefined if none is certain to help. */
export function tlsStep({
  trouble,
  certificate,
  speaks,
  asked,
}: Pick<Extract<Failure, { kind: 'tls' }>, 'trouble' | 'certificate' | 'speaks' | 'asked'>): Step | undefined {
  const fingerprint = certificate?.fingerprint
  switch (trouble) {
    case 'expired':
      return fingerprint === undefined ? undefined : { code: 'pin until renewed', fingerprint }
    case 'not yet valid':
      return { code: 'check the clock' }
    case 'another name':
      return anotherName(certificate?.names ?? [], fingerprint)
    case 'signed by itself':
    case 'unknown signer':
      return ifKnown(fingerprint)
    case 'missing intermediate':
      return fingerprint === undefined ? undefined : { code: 'install the chain', fingerprint }
    case 'wants a name':
      return { code: 'set a host name' }
    case 'weak certificate':
    case 'unsafe renegotiation':
      return asked?.legacy ? { code: 'provider mends TLS' } : { code: 'allow weak TLS', certain: true }
    // OpenSSL takes Diffie-Hellman of less than 1024 bits by no setting.
    case 'weak keys':
    case 'no common cipher':
      return asked?.legacy ? { code: 'provider mends TLS' } : { code: 'allow weak TLS', certain: false }
    case 'revoked':
    case 'unfit certificate':
    case 'wants our certificate':
    case 'handshake broken':
      return { code: 'provider mends TLS' }
    case 'another fingerprint':
      return fingerprint === undefined ? undefined : { code: 'pin if renewed', fingerprint }
    case 'old version':
      return asked?.minVersion === 'TLSv1' ? { code: 'newer TLS' } : { code: 'allow old TLS' }
    case 'older than asked':
      return { code: 'ask for less TLS' }
    case 'not TLS':
      return speaks === undefined || speaks === 'POP3' ? { code: 'set starttls' } : otherProtocol(speaks)
    case 'no STLS':
    case 'no TLS after STLS':
      return { code: 'set implicit' }
    case 'unknown name':
    case undefined:
      return undefined
  }
}

function ifKnown(fingerprint: string | undefined): Step | undefined {
  return fingerprint === undefined ? undefined : { code: 'pin if known', fingerprint }
}

function anotherName(names: readonly string[], fingerprint: string | undefined): Step | undefined {
  const host = names.find((name) => !name.startsWith('*.'))
  if (host !== undefined) return { code: 'set the host', host }
  const [wildcard] = names
  return wildcard === undefined ? ifKnown(fingerprint) : { code: 'set a host under', domain: wildcard.slice(2) }
}

function throughDoor(failure: Failure, { port, tls }: Door): Step {
  return { code: 'other port', port, tls, blocked: failure.kind === 'silent' && failure.during === 'connection' }
}

function usualStep(failure: Failure, looked: boolean): Step | null {
  switch (failure.kind) {
    case 'unreachable':
      return unreachableStep(failure, looked)
    case 'silent':
      if (failure.slow) return { code: 'try later, too slow' }
      // It has taken the connection: no firewall is in between.
      if (failure.during === 'greeting' || failure.during === 'TLS handshake') return { code: 'slow to greet' }
      if (mayBeTheDoor(failure)) return { code: 'check host and port', server: failure.server, looked }
      return { code: 'try later' }
    case 'tls':
      return { code: 'check TLS' }
    case 'credentials refused':
      return { code: 'check login' }
    case 'throttled':
      return { code: 'wait, each try counts' }
    case 'maildrop in use':
      return { code: 'close other programs' }
    case 'provider refused':
      // Some providers say "try again later" where they want an app password (Yahoo).
      if (phaseCode(failure.during) === 'PASS')
        return noteOf(providerOfHost(hostOf(failure.server)), false) ?? askTheProvider(failure.reply)
      return askTheProvider(failure.reply)
    case 'broken protocol':
      return { code: 'not POP3', speaks: spokenIn(failure) }
    case 'store unreachable':
    case 'store refused':
    case 'store full':
    case 'sign-in needed':
    case 'token service unreachable':
    case 'superseded':
    case 'stopped':
      return null
    case 'internal':
      return null
  }
}

/** RFC 3206 section 4: what is told as SYS/PERM does not pass until somebody acts. */
function askTheProvider(reply: string): Step {
  const isPermanent = codeIn(reply) === 'SYS/PERM' && meaningOf(reply) === undefined
  return { code: isPermanent ? 'provider must act' : 'ask the provider' }
}

function unreachableStep(failure: Extract<Failure, { kind: 'unreachable' }>, looked: boolean): Step | null {
  const { server, cause, during = 'connection' } = failure
  if (cause === undefined) return { code: isBeforePop3(during) ? 'check host, or shut out' : 'ask the provider' }
  switch (cause) {
    case 'no such name':
      return { code: 'check spelling', host: hostOf(server) }
    case 'no name server':
      return { code: 'name servers' }
    case 'hung up at login':
      return noteOf(providerOfHost(hostOf(server)), false) ?? { code: 'check login, then wait' }
    // The guard has said what to do; a proxy is a step that is known.
    case 'proxy':
    case 'out of reach':
      return null
    case 'refused':
    case 'no answer':
      return { code: 'check host and port', server, looked }
  }
}
