/** Chooses how to log in: USER and PASS (RFC 1939 section 7), or AUTH PLAIN (RFC 5034, RFC 4616). Pure. */

export type LoginWay = 'USER' | 'AUTH PLAIN'

/**
 * AUTH PLAIN is used if CAPA announces it and not USER (RFC 2449 section 6.3). It is also used for characters that are not ASCII, which
 * USER and PASS carry only if UTF8 was agreed on (RFC 6856 section 2.2). USER is used otherwise: every server knows it.
 */
export function loginWay(capabilities: readonly string[], user: string, password: string): LoginWay {
  const words = capabilities.map((line) => line.toUpperCase().split(/\s+/))
  const plain = words.some(([name, ...mechanisms]) => name === 'SASL' && mechanisms.includes('PLAIN'))
  const offersUser = words.some(([name]) => name === 'USER')
  const utf8 = words.some(([name, ...how]) => name === 'UTF8' && how.includes('USER'))
  const ascii = /^[\x20-\x7e]*$/.test(user + password)
  return plain && (!offersUser || !(ascii || utf8)) ? 'AUTH PLAIN' : 'USER'
}

/** The response of RFC 4616: no authorization identity, the user, the password. */
export function plainResponse(user: string, password: string): string {
  return Buffer.from(`\0${user}\0${password}`, 'utf8').toString('base64')
}

/** RFC 2449 section 4: a command has 255 octets at most, including CRLF; a longer response waits for the challenge. */
export const initialResponseOctetsMax = 255 - 'AUTH PLAIN \r\n'.length
