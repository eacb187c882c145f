/** Headers for content that came by mail and is sent to a browser, as a page or as a file. */
import type { FastifyReply } from 'fastify'

/** Takes all rights from the content, and keeps it out of every cache. */
/**
 * @param shown the dashboard measures it and hears its keys: it has our origin, and still no script runs in it
 * (docs/decisions/0081-mail-is-read-from-any-place.md).
 */
export function isolate(reply: FastifyReply, allowed = '', { shown = false }: { readonly shown?: boolean } = {}): void {
  const policy = [
    "default-src 'none'",
    allowed,
    ...(shown ? ["script-src 'none'", "form-action 'none'", "base-uri 'none'"] : []),
    `sandbox ${shown ? 'allow-same-origin ' : ''}allow-popups allow-popups-to-escape-sandbox`,
    "frame-ancestors 'self'",
  ]
  reply
    .header('content-security-policy', policy.filter((part) => part !== '').join('; '))
    .header('x-frame-options', 'SAMEORIGIN')
    .header('referrer-policy', 'no-referrer')
    .header('x-content-type-options', 'nosniff')
    .header('cache-control', 'no-store')
}

/** Types that no browser renders as a page. */
const harmless =
  /^(?:audio\/[\w.+-]+|video\/[\w.+-]+|image\/(?:png|jpeg|gif|webp|bmp|tiff|heic|avif)|text\/(?:plain|csv|calendar|vcard)|application\/(?:pdf|zip|gzip|json|rtf|msword|vnd\.[\w.-]+)|message\/rfc822)$/

export function typeOf(declared = ''): string {
  return harmless.test(declared) ? declared : 'application/octet-stream'
}

/** Writes the header by RFC 6266; a name that is not ASCII is written by RFC 8187 as well. */
export function attachmentNamed(filename: string): string {
  const name = filename
    .replace(/[\p{Cc}\\/]+/gu, '_')
    // They turn the order of letters round, and so hide what kind of file it is.
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .slice(0, 200)
    .replace(/\p{Cs}/gu, '_')
  const plain = name.replace(/[^\x20-\x7e]|["%]/g, '_')
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${plain}"${plain === name ? '' : `; filename*=UTF-8''${encoded}`}`
}
