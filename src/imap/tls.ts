/** Makes the sockets of a session with a store: in clear, with TLS from the first byte, or with STARTTLS (RFC 8314, RFC 9051 section 6.2.1). */
import { connect, isIP, type LookupFunction, type Socket } from 'node:net'
import { type ConnectionOptions, connect as tlsConnect, type TLSSocket } from 'node:tls'
import type { ImapFlowOptions } from 'imapflow'
import type { ServerPlace } from '../account/server-traits.ts'
import {
  certificateFingerprint,
  reasonOfTrouble,
  type TlsAsked,
  tlsAsked,
  tlsReasonOf,
  type TlsTrouble,
  tlsTroubleOf,
  troubleUnder,
} from '../failure/tls-reasons.ts'
import { greetingWords, protocolIn, protocolWords } from '../failure/spoken.ts'
import { tlsStep } from '../failure/next-step.ts'
import { type Step, stepSentence } from '../failure/step.ts'
import { certificateTrouble, hasSmallKey, lacksIssuer, topmostOf } from '../net/certificate.ts'
import { intermediatesOf } from '../net/intermediates.ts'
import { pinMistake, takesOldVersions, type TlsRules, tlsOptions } from '../net/tls.ts'
import { imapLimits } from './limits.ts'

export interface CertificateRules extends TlsRules {
  readonly tlsVerify: boolean
  /** SHA-256 in lower-case hex: exactly that certificate is accepted, whoever signed it. */
  readonly tlsFingerprint: string | null
}

/** Where the session goes, and how it gets there. */
export interface StoreWay {
  readonly server: ServerPlace
  readonly lookup: LookupFunction
  /** The UNIX socket that leads to the server. */
  readonly path: string | undefined
  /** Is connected to the server already; undefined: a connection is made. */
  readonly socket: Socket | undefined
}

type Transport = NonNullable<ImapFlowOptions['transport']>

/** Hands imapflow a socket only if its certificate is the right one: nothing is sent over it before. */
export function transportOf(
  rules: CertificateRules,
  { server, path, lookup, socket: given }: StoreWay,
  onBye: () => void,
): Transport {
  const { tlsVerify, tlsFingerprint } = rules
  const secured = (options: ConnectionOptions, host: string, onSecure: () => void): TLSSocket => {
    const socket = tlsConnect(
      {
        ...options,
        ...tlsOptions(host, rules, intermediatesOf(server)),
        // Node checks the certificate all the same, and its result is read below. With true, node would not show the certificate.
        rejectUnauthorized: false,
      },
      () => {
        const fingerprint = certificateFingerprint(socket.getPeerCertificate())
        const mistake = pinMistake(fingerprint, tlsFingerprint, 'destination')
        if (mistake !== undefined) socket.destroy(new WrongCertificate(mistake))
        else if (tlsVerify && tlsFingerprint === null && !socket.authorized)
          socket.destroy(unverified(socket, tlsAsked(rules)))
        else if (isTooSmall(socket, rules)) socket.destroy(new WrongCertificate(advised('weak certificate', rules)))
        else onSecure()
      },
    )
    const asked = tlsAsked(rules)
    // imapflow's own listeners come after this one.
    if (asked !== undefined) socket.once('error', (error) => Object.assign(error, { asked }))
    return socket
  }
  return {
    connect({ host, port, secure }, onConnect) {
      const heard = () => {
        onConnect()
        hearGreeting(socket, onBye)
      }
      const place = path === undefined ? { host, port, lookup } : { path }
      const way = given === undefined ? place : { socket: given }
      const socket: Socket = secure ? secured(way, host, heard) : (given ?? connect(place, heard))
      if (socket === given) setImmediate(heard)
      // The CRLF after a literal is a write of its own: it would wait until the literal has been acknowledged.
      return socket.setNoDelay(true)
    },
    upgrade(socket, { host }, onSecure) {
      const upgraded = secured({ socket }, host, onSecure)
      // imapflow's own listener comes after this one.
      upgraded.once('error', (error) => {
        if (tlsTroubleOf(error) === 'not TLS') Object.assign(error, { afterStarttls: true })
      })
      return upgraded
    },
  }
}

/** A greeting that is not IMAP, or has no end, is told at once: imapflow would wait for one that is. */
function hearGreeting(socket: Socket, onBye: () => void): void {
  let words = ''
  const onData = (chunk: Buffer) => {
    const isBegun = words.length >= longestGreeting
    words = `${words}${chunk.toString('latin1')}`.trimStart()
    // The first octet that is no greeting of RFC 9051 section 7.1 tells.
    const isGreeting = greetings.some((one) => one.startsWith(words.slice(0, one.length).toUpperCase()))
    if (!isBegun && !isGreeting) socket.destroy(new OtherGreeting(words.slice(0, 200)))
    else if (words.length > imapLimits.greetingOctetsMax) socket.destroy(new LongGreeting())
    else if (!words.includes('\n')) return
    else if (/^\* BYE/i.test(words)) onBye()
    socket.off('data', onData)
  }
  socket.on('data', onData)
}

const greetings = ['* OK', '* PREAUTH', '* BYE']
const longestGreeting = Math.max(...greetings.map(({ length }) => length))

class LongGreeting extends Error {
  override readonly name = 'LongGreeting'
  constructor() {
    super(
      `its greeting has more than ${imapLimits.greetingOctetsMax / 1024} KiB, so it is hardly IMAP: check host and port; ${usualPort}`,
    )
  }
}

/** What answers is no IMAP server. */
export class OtherGreeting extends Error {
  override readonly name = 'OtherGreeting'
  /** @param words the first octets, one char an octet. */
  constructor(words: string) {
    super(otherGreeting(words))
  }
}

const usualPort = 'IMAP is mostly at port 993 with tls "implicit"'

function otherGreeting(words: string): string {
  const speaks = protocolIn(words)
  if (speaks === 'TLS') return 'it speaks TLS from the first byte: set tls to "implicit" for this port'
  const quoted = `"${greetingWords(words)}"`
  if (speaks === undefined || speaks === 'IMAP')
    return `its greeting is not IMAP, ${quoted}: check host and port; ${usualPort}`
  const name = speaks === 'POP3' ? 'POP3' : protocolWords(speaks)
  return `what answers there is ${name}, and not IMAP, ${quoted}: check host and port; ${usualPort}`
}

const tryImplicit = 'try port 993 with tls "implicit"'
const noTlsAtAll =
  'if it has no TLS there either, ask its operator for a host with TLS: with tls "none" anybody on the way can read the password'

/** What is wrong with a server that speaks no TLS, by what it says in clear. */
export function wordsWithoutTls(words: string): string {
  const none = 'it does not speak TLS on this port'
  if (words === '') return `${none}; perhaps it wants it to be asked for ("starttls")`
  if (protocolIn(words) !== 'IMAP') return `${none}: ${otherGreeting(words)}`
  const [, offered] = /\[CAPABILITY ([^\]]*)\]/i.exec(words) ?? []
  if (offered === undefined) return `${none}: set tls to "starttls" for it, or ${tryImplicit}`
  if (/(?:^| )STARTTLS(?: |$)/i.test(offered)) return `${none}: set tls to "starttls" for it`
  return `${none}, and it does not offer STARTTLS either: ${tryImplicit}; ${noTlsAtAll}`
}

function isTooSmall(socket: TLSSocket, { tlsMinVersion, tlsLegacy }: CertificateRules): boolean {
  return tlsLegacy !== true && takesOldVersions(tlsMinVersion) && hasSmallKey(socket)
}

function advised(trouble: TlsTrouble, rules: CertificateRules): string {
  return withStep(reasonOfTrouble(trouble), tlsStep({ trouble, asked: tlsAsked(rules) }))
}

function withStep(reason: string, step: Step | undefined): string {
  return step === undefined ? reason : `${reason}. ${stepSentence(step).replace(/\.$/, '')}`
}

function unverified(socket: TLSSocket, asked: TlsAsked | undefined): WrongCertificate {
  const { trouble, reason, certificate } = certificateTrouble(socket)
  const step = tlsStep({ trouble, certificate, asked })
  return new WrongCertificate(withStep(reason, step), lacksIssuer(socket) ? topmostOf(socket) : undefined)
}

export class WrongCertificate extends Error {
  override readonly name = 'WrongCertificate'
  /** The last certificate of a chain that ends before an authority, DER. */
  readonly topmost: Buffer | undefined

  constructor(reason: string, topmost?: Buffer) {
    super(reason)
    this.topmost = topmost
  }
}

/** Tells whether a host is this machine. Nobody can intercept such a connection, so a certificate would prove nothing more. */
export function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** The codes that imapflow gives to failures of STARTTLS. */
const upgradeReasons: Readonly<Record<string, string>> = {
  STARTTLS_INJECTION:
    'something was sent between STARTTLS and the handshake, as an attacker would, so no login was sent',
  UPGRADE_TIMEOUT: 'the handshake took too long',
}

/** The socket's own error says no more, in words of Node. */
const brokenOff =
  'it dropped the connection during the TLS handshake behind STARTTLS: it may shut this address out, or its TLS is broken; ' +
  tryImplicit

/** Why a handshake failed, with what helps at an old server. */
function handshakeReason(error: Error & { readonly asked?: TlsAsked }, byAddress: boolean): string | undefined {
  const { asked } = error
  const trouble = troubleUnder(tlsTroubleOf(error, byAddress), asked)
  if (trouble === undefined || !ofOldServers.has(trouble)) return tlsReasonOf(error, byAddress)
  return withStep(reasonOfTrouble(trouble), tlsStep({ trouble, asked }))
}

const ofOldServers: ReadonlySet<TlsTrouble> = new Set([
  'old version',
  'older than asked',
  'unsafe renegotiation',
  'weak keys',
  'no common cipher',
])

/** Says why there is no safe connection; undefined if TLS did not fail. */
export function storeTlsReasonOf(error: unknown, host: string): string | undefined {
  if (!(error instanceof Error)) return undefined
  if (error instanceof WrongCertificate) return error.message
  if ('starttlsRefused' in error)
    return `it offers STARTTLS and refuses it, "${String(error.starttlsRefused)}": ${tryImplicit}`
  if ('afterStarttls' in error)
    return 'it agreed to STARTTLS and then spoke no TLS: it is broken there, or something in between is; ' + tryImplicit
  const { code = '', tlsFailed = false } = error as Error & { code?: string; tlsFailed?: boolean }
  const byAddress = isIP(host) !== 0
  if (tlsTroubleOf(error, byAddress) === 'not TLS')
    return 'withoutTls' in error ? String(error.withoutTls) : wordsWithoutTls('')
  const reason = upgradeReasons[code] ?? handshakeReason(error, byAddress)
  if (reason !== undefined || !tlsFailed) return reason
  // An error without a code is imapflow's own. PREAUTH may be somebody in between, who wants to keep the session in clear.
  if (code === '' && error.message.includes('PREAUTH')) return error.message
  return code === '' ? `it does not offer STARTTLS: ${tryImplicit}; ${noTlsAtAll}` : brokenOff
}
