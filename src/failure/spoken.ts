/** Tells by the first octets of a server which protocol it speaks. Pure. */

export const protocols = ['POP3', 'IMAP', 'SMTP', 'FTP', 'SSH', 'NNTP', 'ManageSieve', 'the web', 'TLS'] as const
export type Protocol = (typeof protocols)[number]

/** @param words the beginning of a greeting, one char an octet. Undefined: no protocol that we know. */
export function protocolIn(words: string): Protocol | undefined {
  // An alert or a handshake record (RFC 8446 section 5.1): it has taken us for somebody who speaks TLS badly.
  if (/^[\x15\x16]\x03[\x00-\x04]/.test(words)) return 'TLS'
  const said = words.replace(/^[\s]+/, '')
  if (/^\* (?:OK|PREAUTH|BYE|NO|BAD)\b/i.test(said)) return 'IMAP'
  if (/^(?:\+OK|-ERR)\b/i.test(said)) return 'POP3'
  if (/^SSH-\d/.test(said)) return 'SSH'
  // Both greet with 220 (RFC 959, RFC 5321 section 4.2).
  if (/^(?:120|220|421|450|451|521|530|554)(?:[ -]|$)/.test(said))
    return /\bs?ftpd?\b|ftpd|filezilla|serv-u/i.test(said) ? 'FTP' : 'SMTP'
  if (/^(?:200|201|400|502) .*\b(?:nntp|news|inn|innd|usenet|posting)\b/i.test(said)) return 'NNTP'
  if (/^"(?:IMPLEMENTATION|SIEVE|NOTIFY|SASL|VERSION|MAXREDIRECTS)"/i.test(said)) return 'ManageSieve'
  return /^(?:HTTP\/\d|<(?:!doctype|html|head|body|title|\?xml)\b|<\?xml)/i.test(said) ? 'the web' : undefined
}

const named: Readonly<Record<Protocol, string>> = {
  POP3: 'POP3 in clear',
  IMAP: 'IMAP',
  SMTP: 'SMTP',
  FTP: 'FTP',
  SSH: 'SSH',
  NNTP: 'NNTP',
  ManageSieve: 'ManageSieve',
  'the web': 'a web server',
  TLS: 'TLS from the first byte',
}

/** The name of a protocol as it stands behind "is". */
export function protocolWords(protocol: Protocol): string {
  return named[protocol]
}
