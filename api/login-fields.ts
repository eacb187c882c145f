/** The fields of a login that accounts and `imap` destinations have in common: their form, and who may set them. */
import type { ServerLogin } from '../src/account/account.ts'
import { choicesOf, type LoginChoices, tlsVersions, withoutDefaults } from '../src/account/login.ts'
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
    ...(isOwner && isAnother ? [{ pointer: '/proxy', detail: 'is set by an admin of the instance alone' }] : []),
    ...(isOwner && before !== undefined ? weakened(given, before) : []),
  ]
}

/** Whoever signs in sends no password by which an owner's token could prove that it may weaken the line on which access tokens go. */
function weakened(given: Given, before: ServerLogin): Mistake[] {
  const was = choicesOf(before)
  if (was.auth !== 'oauth2' || (given.auth ?? was.auth) !== 'oauth2') return []
  const { tlsLegacy = was.tlsLegacy, tlsMinVersion = was.tlsMinVersion } = given
  const isOlder = tlsVersions.indexOf(tlsMinVersion) < tlsVersions.indexOf(was.tlsMinVersion)
  const detail = 'of a login that signs in is set so by an admin of the instance alone'
  return [
    ...(tlsLegacy && !was.tlsLegacy ? [{ pointer: '/tlsLegacy', detail }] : []),
    ...(isOlder ? [{ pointer: '/tlsMinVersion', detail }] : []),
  ]
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
