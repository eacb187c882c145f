/** Tells by the first octets of a server which protocol it speaks. Pure. */
import { firstLine, printable } from '../printable.ts'

export const protocols = [
  'POP3',
  'IMAP',
  'SMTP',
  'FTP',
  'SSH',
  'NNTP',
  'ManageSieve',
  'the web',
  'TLS',
  'XMPP',
  'IRC',
  'MySQL',
  'Telnet',
  'LDAP',
  'VNC',
  'rsync',
  'AMQP',
] as const
export type Protocol = (typeof protocols)[number]

/** @param words the beginning of a greeting, one char an octet. Undefined: no protocol that we know. */
export function protocolIn(words: string): Protocol | undefined {
  // An alert or a handshake record (RFC 8446 section 5.1): it has taken us for somebody who speaks TLS badly.
  if (/^[\x15\x16]\x03[\x00-\x04]/.test(words)) return 'TLS'
  const other = others.find(([, greeting]) => greeting.test(words))
  if (other !== undefined) return other[0]
  const said = words.replace(/^[\s]+/, '')
  if (/^\* (?:OK|PREAUTH|BYE|NO|BAD)\b/i.test(said)) return 'IMAP'
  if (/^(?:\+OK|-ERR)\b/i.test(said)) return 'POP3'
  if (/^SSH-\d/.test(said)) return 'SSH'
  // Both greet with 220 (RFC 959, RFC 5321 section 4.2).
  if (/^(?:120|220|421|450|451|521|530|554)(?:[ -]|$)/.test(said))
    return !/\b(?:[el]?smtp|lmtp)\b/i.test(said) && /\bs?ftpd?\b|ftpd|filezilla|serv-u/i.test(said) ? 'FTP' : 'SMTP'
  if (/^(?:200|201|400|502) .*\b(?:nntp|news|inn|innd|usenet|posting)\b/i.test(said)) return 'NNTP'
  if (/^"(?:IMPLEMENTATION|SIEVE|NOTIFY|SASL|VERSION|MAXREDIRECTS)"/i.test(said)) return 'ManageSieve'
  return /^(?:HTTP\/\d|<(?:!doctype|html|head|body|title|\?xml)\b|<\?xml)/i.test(said) ? 'the web' : undefined
}

/** The greetings of protocols that have nothing to do with mail. */
const others: readonly (readonly [Protocol, RegExp])[] = [
  // A handshake of version 10, or an error in its place, behind its length and the number 0.
  ['MySQL', /^[\s\S]{2}\x00\x00(?:\x0a\d|\xff[\s\S]{2})/],
  // IAC, and WILL, WONT, DO or DONT (RFC 854).
  ['Telnet', /^\xff[\xfb-\xfe]/],
  // An LDAPMessage: an answer to what it could not read (RFC 4511 section 4.4.1).
  ['LDAP', /^0(?:[\x00-\x7f]|\x81[\s\S]|\x82[\s\S]{2}|\x84[\s\S]{4})\x02\x01/],
  ['AMQP', /^AMQP[\x00-\x03]/],
  ['VNC', /^RFB \d{3}\.\d{3}/],
  ['rsync', /^@RSYNCD: \d/],
  ['XMPP', /^\s*(?:<\?xml\b[^>]{0,100}>\s*)?<(?:stream:stream|stream:error)\b/],
  ['IRC', /^(?::\S{1,100} (?:NOTICE|ERROR|\d{3}) |NOTICE (?:AUTH|\*) :|ERROR :|PING :)/],
]

/** The protocols whose name is another one behind "is". */
const named: Partial<Readonly<Record<Protocol, string>>> = {
  POP3: 'POP3 in clear',
  'the web': 'a web server',
  TLS: 'TLS from the first byte',
}

/** The name of a protocol as it stands behind "is". */
export function protocolWords(protocol: Protocol): string {
  return named[protocol] ?? protocol
}

/** The first line of a greeting as it is quoted, if it is text. */
export function greetingWords(words: string): string {
  if (protocolIn(words) === 'TLS') return 'a TLS record'
  const line = firstLine(words)
  return /[\x00-\x08\x0e-\x1f\xfb-\xff]/.test(words.slice(0, 8)) ? 'octets that are no text' : printable(line)
}
