/** The one form of a server's host. People write the same host in many ways, and each must lead to the same account (docs/decisions/0031). Pure. */
import { domainToASCII, domainToUnicode } from 'node:url'
import type { Account } from './account.ts'
import type { Mistake } from './mistake.ts'

/**
 * Gives the host in its one form: a name in A-labels (RFC 5891), lower case, without a dot at its end; an IPv4 address as four numbers; an
 * IPv6 address as RFC 5952 writes it, without brackets. Undefined for a text that is no host.
 */
export function normalHost(text: string): string | undefined {
  const host = text.trim()
  if (host.includes(':')) return ipv6Of(host)
  // domainToASCII() takes the host out of a URL silently: the ASCII characters that no name has are refused before.
  if (/[^A-Za-z0-9._\-\u00a0-\u{10ffff}]/u.test(host)) return undefined
  const given = host.replace(/[.\u3002\uff0e\uff61]$/, '')
  // Versions of Node differ in what they make of ẞ, but not of ß.
  const name = domainToASCII(given.toLowerCase())
  // Programs read 010.0.0.1, 0x7f.1 and 127.1 in different ways: the address must be written as we show it.
  if (ipv4Form.test(name)) return given.normalize('NFKC') === name ? name : undefined
  return nameForm.test(name) && name.split('.').every(isLabel) ? name : undefined
}

/** Node 24 lets labels through that stand for no letters, which older ones refuse. */
function isLabel(label: string): boolean {
  if (label.length < 1 || label.length > 63) return false
  return !label.startsWith('xn--') || !['', label].includes(domainToUnicode(label))
}

const nameForm = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?$/
const ipv4Form = /^\d{1,3}(?:\.\d{1,3}){3}$/

function ipv6Of(host: string): string | undefined {
  const address = host.replace(/^\[(.*)\]$/, '$1')
  if (!/^[0-9a-f:.]+$/i.test(address) || !URL.canParse(`http://[${address}]/`)) return undefined
  const written = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  // An IPv4 address that is written as an IPv6 one (RFC 4291 section 2.5.5.2) is the same server.
  const [, high = '', low = ''] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(written) ?? []
  if (low === '') return written
  return [high, low]
    .map((word) => Number.parseInt(word, 16))
    .flatMap((word) => [word >> 8, word & 255])
    .join('.')
}

/** Whether two texts name the same host; two equal ones do, whatever they are. */
export function isSameHost(one: string, other: string): boolean {
  return one === other || (normalHost(one) ?? one) === normalHost(other)
}

/** The account at this host. SOURCE stays that of the form in which the host was first registered (CONTRACT section 7). */
export function atHost({ sourceHost, ...account }: Account, host: string): Account {
  const kept = isSameHost(account.host, host) ? (sourceHost ?? account.host.toLowerCase()) : host
  return { ...account, host, ...(kept === host ? {} : { sourceHost: kept }) }
}

/** Says why a text is no host. */
export function hostMistakes(text: string, pointer = '/host'): Mistake[] {
  return normalHost(text) === undefined ? [{ pointer, detail: whyNoHost(text.trim()), rule: 'pattern' }] : []
}

function whyNoHost(host: string): string {
  if (host.includes('://'))
    return `must be the host alone, without ${host.slice(0, host.indexOf('://'))}://`.slice(0, 80)
  if (host.includes('@')) return 'must be the host alone, without a user and an @'
  if (/[/\\?#]/.test(host)) return 'must be the host alone, without a path'
  if (/^[^:]+:\d*$|\]:\d*$/.test(host)) return 'must be the host alone; the port has a field of its own'
  if (/^(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+))*\.?$/i.test(host))
    return 'must be an IPv4 address in its usual form, four numbers from 0 to 255 such as 192.0.2.1'
  if (/[^\x00-\x7f]|xn--/i.test(host) && !/\s/.test(host))
    return 'must be a host name that the DNS can have; some of its letters cannot be written in the form xn--...'
  return 'must be a host name or IP address such as pop.example.net, without scheme, port or path'
}

/** The host as people write it: A-labels as the letters that they stand for. What cannot be read so stays as it is. */
export function shownHost(host: string): string {
  return host.includes('xn--') ? domainToUnicode(host) || host : host
}

/**
 * The forms in which a version before this one may have registered a host, besides its normal form: it took each as written, in lower case,
 * and SOURCE of `X-Tributary-Id` is a hash of that (CONTRACT section 7).
 */
export function formerHosts(host: string): string[] {
  if (!host.includes(':')) return ipv4Form.test(host) ? [`${host}.`, `::ffff:${host}`] : [`${host}.`]
  const [head = '', tail] = host.split('::')
  const [before, behind] = [head, tail ?? ''].map((part) => part.split(':').filter((word) => word !== '')) as [
    string[],
    string[],
  ]
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - before.length - behind.length }, () => '0')
  const words = [...before, ...zeros, ...behind]
  return [words.join(':'), words.map((word) => word.padStart(4, '0')).join(':')].filter((form) => form !== host)
}
