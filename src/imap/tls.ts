/** Makes the sockets of a session with a store: in clear, with TLS from the first byte, or with STARTTLS (RFC 8314, RFC 9051 section 6.2.1). */
import { connect, isIP, type LookupFunction, type Socket } from 'node:net'
import { type ConnectionOptions, connect as tlsConnect, type TLSSocket } from 'node:tls'
import type { ImapFlowOptions } from 'imapflow'
import { certificateFingerprint, tlsReasonOf, tlsTroubleOf } from '../failure/tls-reasons.ts'
import { greetingWords, protocolIn, protocolWords } from '../failure/spoken.ts'
import { tlsStep } from '../failure/next-step.ts'
import { stepSentence } from '../failure/step.ts'
import { certificateTrouble } from '../net/certificate.ts'
import { pinMistake, tlsOptions } from '../net/tls.ts'
import { imapLimits } from './limits.ts'

export interface CertificateRules {
  readonly tlsVerify: boolean
  /** SHA-256 in lower-case hex: exactly that certificate is accepted, whoever signed it. */
  readonly tlsFingerprint: string | null
  /** Certificate authorities in place of the system's, PEM. */
  readonly ca?: string | undefined
}

type Transport = NonNullable<ImapFlowOptions['transport']>

/** Hands imapflow a socket only if its certificate is the right one: nothing is sent over it before. */
export function transportOf(
  { tlsVerify, tlsFingerprint, ca }: CertificateRules,
  lookup: LookupFunction,
  onBye: () => void,
): Transport {
  const secured = (options: ConnectionOptions, host: string, onSecure: () => void): TLSSocket => {
    const socket = tlsConnect(
      {
        ...options,
        ...tlsOptions(host, ca),
        // Node checks the certificate all the same, and its result is read below. With true, node would not show the certificate.
        rejectUnauthorized: false,
      },
      () => {
        const fingerprint = certificateFingerprint(socket.getPeerCertificate())
        const mistake = pinMistake(fingerprint, tlsFingerprint, 'destination')
        if (mistake !== undefined) socket.destroy(new WrongCertificate(mistake))
        else if (tlsVerify && tlsFingerprint === null && !socket.authorized) socket.destroy(unverified(socket))
        else onSecure()
      },
    )
    return socket
  }
  return {
    connect({ host, port, secure }, onConnect) {
      const heard = () => {
        onConnect()
        hearGreeting(socket, onBye)
      }
      const socket: Socket = secure ? secured({ port, lookup }, host, heard) : connect({ host, port, lookup }, heard)
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

function unverified(socket: TLSSocket): WrongCertificate {
  const { trouble, reason, certificate } = certificateTrouble(socket)
  const step = tlsStep({ trouble, certificate })
  return new WrongCertificate(step === undefined ? reason : `${reason}. ${stepSentence(step).replace(/\.$/, '')}`)
}

class WrongCertificate extends Error {
  override readonly name = 'WrongCertificate'
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
  const reason = upgradeReasons[code] ?? tlsReasonOf(error, byAddress)
  if (reason !== undefined || !tlsFailed) return reason
  // An error without a code is imapflow's own. PREAUTH may be somebody in between, who wants to keep the session in clear.
  if (code === '' && error.message.includes('PREAUTH')) return error.message
  return code === '' ? `it does not offer STARTTLS: ${tryImplicit}; ${noTlsAtAll}` : brokenOff
}
