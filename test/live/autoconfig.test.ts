import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { missingFor } from '../../src/account/mail-program.ts'
import { buildServer } from '../../api/server.ts'
import { type Stack, startStack } from '../support/stack.ts'

let stack: Stack
before(async () => {
  stack = await startStack()
  await stack.destination('alice')
})
after(async () => await stack?.stop())

const get = async (url: string) => await stack.app.inject({ url })
const path = '/.well-known/autoconfig/mail/config-v1.1.xml'

test('Thunderbird finds its configuration where it looks, without a token, and learns nothing of who is here', async () => {
  const general = await get(path)
  assert.deepEqual([general.statusCode, general.headers['content-type']], [200, 'text/xml; charset=utf-8'])
  assert.match(general.payload, /<hostname>gather\.example\.org<\/hostname>\s+<port>993<\/port>\s+<socketType>SSL</)
  assert.match(general.payload, /<username>%EMAILADDRESS%<\/username>/)
  const of = async (address: string) =>
    (await get(`/mail/config-v1.1.xml?emailaddress=${encodeURIComponent(address)}`)).payload
  const alice = await of('alice@gather.example.org')
  assert.match(alice, /<username>alice<\/username>/)
  assert.equal((await of('nobody@gather.example.org')).replaceAll('nobody', 'alice'), alice)
  assert.match(await of('me@example.net'), /<domain>example\.net<\/domain>[^]*<username>me@example\.net<\/username>/)
  for (const odd of ['', 'x', '<a>@b', 'a@b"><script>', `${'a'.repeat(400)}@b`]) {
    const { statusCode, payload } = await get(`${path}?emailaddress=${encodeURIComponent(odd)}`)
    assert.ok(statusCode === 400 || !/<script|<a>/.test(payload), odd)
  }
})

test('what keeps other devices out is named by its setting', async () => {
  const local = { host: '127.0.0.1', publicName: 'localhost', hasCertificate: false }
  assert.deepEqual(missingFor(local), ['TRIBUTARY_MAIL_HOST', 'TRIBUTARY_PUBLIC_NAME', 'TRIBUTARY_TLS_CERT'])
  assert.deepEqual(missingFor({ host: '0.0.0.0', publicName: 'mail.example.net', hasCertificate: true }), [])
  const { items } = (await stack.call('GET', '/destinations')).body
  const connection = `/destinations/${String(items[0]?.['id'])}/connection`
  assert.deepEqual((await stack.call('GET', connection)).body['missing'], [])
  const mailPlaces = { ...stack.world.mailPlaces, missing: missingFor(local) }
  const app = await buildServer({ ...stack.world, mailPlaces })
  const headers = { authorization: 'Bearer the-token-of-the-admin' }
  const answer = await app.inject({ url: `/api/v1${connection}`, headers })
  assert.deepEqual(answer.json<{ missing: string[] }>().missing, missingFor(local))
  await app.close()
})
