import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OAuthApplication } from '../../src/oauth/application.ts'
import type { IssuedTokens } from '../../src/oauth/flows.ts'
import { isJustForced, isFresh, type Grant } from '../../src/oauth/grant.ts'
import { identityIn, isOwner } from '../../src/oauth/identity.ts'
import { warningOf } from '../../src/oauth/warnings.ts'

const application = (
  provider: OAuthApplication['provider'],
  fields: Partial<OAuthApplication> = {},
): OAuthApplication => ({
  id: '01J0000000000000000000000A',
  provider,
  clientId: 'c',
  tenant: null,
  issuer: null,
  scopes: null,
  addresses: [],
  hosts: [],
  serviceAccount: null,
  createdAtMs: 0,
  ...fields,
})
const usual: IssuedTokens = {
  accessToken: 'opaque',
  refreshToken: 'r',
  lifeMs: 3_600_000,
  refreshLifeMs: null,
  scopes: null,
}
const jwtFor = (aud: unknown) => `e30.${Buffer.from(JSON.stringify({ aud })).toString('base64url')}.c2ln`
const nowMs = Date.UTC(2026, 11, 1)
const warned = (
  of: OAuthApplication,
  tokens: Partial<IssuedTokens> = {},
  flow: 'code' | 'device' | 'application' = 'code',
) => warningOf({ application: of, flow, protocol: 'pop3', tokens: { ...usual, ...tokens } }, nowMs)
const day = 86_400_000

test('a Google application in Testing is told by the seven days of its refresh token', () => {
  assert.equal(warned(application('google')), null)
  assert.deepEqual(warned(application('google'), { refreshLifeMs: 7 * day }), {
    code: 'google testing',
    atMs: nowMs + 7 * day,
  })
  // Elsewhere an end is no sign of anything.
  assert.equal(warned(application('microsoft'), { refreshLifeMs: 90 * day }), null)
})

test('where no refresh token was given, the sign-in ends with the access token', () => {
  assert.deepEqual(warned(application('fastmail'), { refreshToken: null }), {
    code: 'no refresh token',
    atMs: nowMs + 3_600_000,
  })
  assert.equal(
    warned(application('microsoft'), { refreshToken: null }, 'application'),
    null,
    'unattended, there never is one',
  )
})

test('a scope of mail that was not agreed to is told', () => {
  const [pop, imap] = [
    'https://outlook.office.com/POP.AccessAsUser.All',
    'https://outlook.office.com/IMAP.AccessAsUser.All',
  ]
  assert.equal(warned(application('microsoft'), { scopes: [pop.toLowerCase(), 'openid'] }), null)
  assert.equal(warned(application('microsoft'), { scopes: [imap] })?.code, 'scopes missing')
  assert.equal(
    warned(application('google'), { scopes: ['openid', 'https://www.googleapis.com/auth/userinfo.email'] })?.code,
    'scopes missing',
  )
  assert.equal(warned(application('google'), { scopes: ['https://mail.google.com/', 'openid'] }), null)
  const own = application('custom', { issuer: 'https://x.example', scopes: ['mail', 'offline_access', 'openid'] })
  assert.equal(warned(own, { scopes: ['mail'] }), null, 'only those of mail')
  assert.equal(warned(own, { scopes: ['other'] })?.code, 'scopes missing')
  assert.equal(
    warned(application('custom', { issuer: 'https://x.example' }), { scopes: [] }),
    null,
    'none was asked for',
  )
})

test("a token of Microsoft that is for something else than mail is told, and others' tokens are not looked into", () => {
  const ms = application('microsoft')
  for (const aud of [
    'https://outlook.office.com',
    'https://outlook.office365.com/',
    '00000002-0000-0ff1-ce00-000000000000',
  ])
    assert.equal(warned(ms, { accessToken: jwtFor(aud) }), null, aud)
  for (const aud of ['https://graph.microsoft.com', '00000003-0000-0000-c000-000000000000'])
    assert.deepEqual(
      warned(ms, { accessToken: jwtFor(aud) }, 'application'),
      { code: 'another audience', atMs: nowMs },
      aud,
    )
  for (const accessToken of ['EwB4A8l6BAAU', 'a.b.c', jwtFor(7), '..'])
    assert.equal(warned(ms, { accessToken }), null, accessToken)
  assert.equal(warned(application('google'), { accessToken: jwtFor('https://graph.microsoft.com') }), null)
})

const grant = (fields: Partial<Grant>): Grant => ({
  applicationId: 'a',
  host: 'h',
  user: 'u',
  generation: 'g',
  flow: 'code',
  signedInAs: null,
  subject: null,
  state: 'signed in',
  reason: null,
  sealedAccessToken: 's',
  issuedAtMs: nowMs,
  accessUntilMs: nowMs + 60_000,
  refreshUntilMs: null,
  warning: null,
  ...fields,
})

test('a token is refreshed at half its life, or five minutes before its end; clocks that jump cost a refresh at most', () => {
  const short = grant({})
  assert.deepEqual(
    [29_000, 31_000].map((ms) => isFresh(short, nowMs + ms)),
    [true, false],
  )
  const long = grant({ accessUntilMs: nowMs + 3_600_000 })
  assert.deepEqual(
    [54, 56].map((minutes) => isFresh(long, nowMs + minutes * 60_000)),
    [true, false],
  )
  assert.deepEqual(
    [29, 31].map((minutes) => isFresh(long, nowMs + minutes * 60_000, 1_800_000)),
    [true, false],
    'for a long run',
  )
  assert.equal(isFresh(long, nowMs - 3_600_000), false, 'the clock was set back')
  assert.equal(isFresh(grant({ accessUntilMs: nowMs }), nowMs), false)
})

test('a token that was got because another one was refused is not replaced at once, and is after a while', () => {
  assert.equal(isJustForced(grant({ forced: true }), nowMs + 59_000), true)
  assert.equal(isJustForced(grant({ forced: true }), nowMs + 61_000), false)
  assert.equal(isJustForced(grant({}), nowMs), false)
})

test("whoever signs in is the account's owner by any name that the provider has verified, and by no other", () => {
  const microsoft = identityIn({
    iss: 'https://login.microsoftonline.com/t/v2.0',
    sub: 'x',
    preferred_username: 'Me@outlook.com',
    email: 'me@firm.example',
  })
  assert.ok(isOwner(microsoft, 'me@outlook.com', null) && isOwner(microsoft, 'ME@firm.example', null))
  // An alias that the ID token does not name: the user is changed to the name that it does.
  assert.equal(isOwner(microsoft, 'alias@outlook.com', null), false)
  assert.equal(
    isOwner(identityIn({ sub: 'x', email: 'me@firm.example', email_verified: false }), 'me@firm.example', null),
    true,
  )
  assert.equal(
    isOwner(
      identityIn({ sub: 'x', email: 'boss@firm.example', email_verified: false, preferred_username: 'mallory' }),
      'boss@firm.example',
      null,
    ),
    false,
  )
  assert.ok(isOwner(identityIn(undefined), 'me@firm.example', null), 'the mail server tells')
})
