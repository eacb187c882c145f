import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isTenant, mayHaveToken, oauthCloudOf, oauthProviderOfHost, oauthProviders } from '../../src/oauth/providers.ts'

test('each provider has its own hosts, everything over https, and scopes for what it lets in', () => {
  const hosts: string[] = []
  for (const { clouds, usualTenant } of Object.values(oauthProviders)) {
    for (const { endpoints, scopes, portal, hosts: own } of clouds) {
      const { authorization, token, deviceAuthorization, revocation } = endpoints(usualTenant ?? '')
      for (const url of [authorization, token, deviceAuthorization, revocation, portal])
        if (url !== null) assert.equal(new URL(url).protocol, 'https:')
      assert.ok(scopes.pop3.length > 0 && scopes.imap.length > 0 && scopes.smtp.length > 0)
      hosts.push(...own)
    }
  }
  assert.equal(new Set(hosts).size, hosts.length)
})

test('an application of a sovereign cloud has its own endpoints, scopes and servers', () => {
  const us = oauthCloudOf('microsoft', 'https://login.microsoftonline.us/')
  const china = oauthCloudOf('microsoft', 'https://login.partner.microsoftonline.cn')
  assert.equal(us?.name, 'US government')
  assert.equal(us?.endpoints('organizations').token, 'https://login.microsoftonline.us/organizations/oauth2/v2.0/token')
  assert.deepEqual(china?.scopes.pop3, ['https://partner.outlook.cn/POP.AccessAsUser.All'])
  assert.equal(oauthCloudOf('microsoft')?.name, 'worldwide')
  assert.equal(oauthCloudOf('microsoft', 'https://login.microsoftonline.example'), undefined)
  assert.equal(oauthCloudOf('google', 'no url'), undefined)
})

test('a token goes to the hosts of its own cloud alone, however they are spelt', () => {
  const [worldwide, us] = oauthProviders.microsoft.clouds
  assert.ok(us)
  for (const host of ['outlook.office365.com', 'Outlook.Office365.COM.']) assert.ok(mayHaveToken(worldwide, host), host)
  for (const host of ['outlook.office365.us', 'outlook.office365.com.example', 'pop.gmail.com', '', '127.0.0.1'])
    assert.ok(!mayHaveToken(worldwide, host), host)
  assert.deepEqual(
    ['outlook.office365.us', 'pop.gmail.com', 'pop.fastmail.com', 'pop.example.net'].map((host) =>
      oauthProviderOfHost(host),
    ),
    ['microsoft', 'google', 'fastmail', undefined],
  )
})

test('a tenant cannot change the path of an endpoint', () => {
  for (const tenant of ['common', 'contoso.onmicrosoft.com', '9188040d-6c67-4c5b-b112-36a304b66dad'])
    assert.ok(isTenant(tenant), tenant)
  for (const tenant of ['', '..', '.', '../evil', 'a/b', 'a?b', 'a b', '%2e%2e']) assert.ok(!isTenant(tenant), tenant)
  assert.equal(
    oauthProviders.microsoft.clouds[0].endpoints('../evil?').token,
    'https://login.microsoftonline.com/..%2Fevil%3F/oauth2/v2.0/token',
  )
})
