/** How Dovecot finds those who decide about logins at the mail ports, and proves that it is Dovecot. */
import { createHmac } from 'node:crypto'

/** The name of the header in which Dovecot sends the key. */
export const policyHeader = 'x-tributary-policy'

/** Both sides know the password of the gateway, and so the key that is made from it. */
export function policyKeyOf(masterPassword: string): string {
  return createHmac('sha256', masterPassword).update('auth policy').digest('base64url')
}

/** Where the API listens for Dovecot's questions. */
export type PolicyPlace = { readonly path: string } | { readonly host: string; readonly port: number }

/** @param text a path, or HOST:PORT. Undefined: it is neither. */
export function policyPlaceIn(text: string): PolicyPlace | undefined {
  if (text.startsWith('/')) return { path: text }
  const [, host, port] = /^([\w.-]+):(\d{1,5})$/.exec(text) ?? []
  return host === undefined ? undefined : { host, port: Number(port) }
}
