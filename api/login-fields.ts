/** The fields of a login that accounts and `imap` destinations have in common: their form, and who may set them. */
import type { ServerLogin } from '../src/account/account.ts'
import { type LoginChoices, withoutDefaults } from '../src/account/login.ts'
import type { Mistake } from '../src/account/mistake.ts'
import { proxyMistakes, shownProxy } from '../src/account/proxy.ts'
import type { Principal } from './http/who.ts'

type Given = { readonly [Name in keyof LoginChoices]?: LoginChoices[Name] | undefined }

/** What is wrong with the fields that somebody sends. */
export function givenMistakes(given: Given, { destinationId }: Principal, before?: ServerLogin): Mistake[] {
  const { proxy } = given
  const isOwner = destinationId !== undefined
  const isAnother = proxy !== undefined && proxy !== (before?.proxy ?? null)
  return [
    ...proxyMistakes(proxy),
    ...(isOwner && isAnother
      ? [{ pointer: '/proxy', detail: 'is set by an admin of the instance alone', rule: 'admin only' as const }]
      : []),
  ]
}

/** A fingerprint in its one form: small letters, no colons. */
export function pinOf(hex: string | null): string | null {
  return hex === null ? null : hex.replaceAll(':', '').toLowerCase()
}

/** The record as it is stored: without a proxy's password, and without what is the default. One that does not sign in has no application. */
export function storedForm<T extends ServerLogin>(record: T, given: Given = {}): T {
  const { proxy } = record
  const signsOff = given.auth === 'password' && given.oauth === undefined
  return withoutDefaults({
    ...record,
    ...(proxy == null || proxy === 'none' ? {} : { proxy: shownProxy(proxy) }),
    ...(signsOff ? { oauth: null } : {}),
  })
}
