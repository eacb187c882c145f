import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { letter } from '../support/world.ts'

let stack: Stack
let provider: TestDovecot
let destinationId: string
before(async () => {
  const letters = ['one', 'two', 'three'].map((subject) => letter(subject))
  ;[stack, provider] = await Promise.all([startStack(), startDovecot({ me: 'secret' }, { me: letters })])
  await stack.startWorker()
  destinationId = await stack.destination('alice')
})
after(async () => {
  await Promise.all([stack.stop(), provider.stop()])
})

for (const tls of ['none', 'starttls', 'implicit'] as const) {
  test(`a real Dovecot, tls "${tls}": tried, pulled, and pulled again`, async () => {
    const port = tls === 'implicit' ? provider.pop3sPort : provider.pop3Port
    const tlsFingerprint = new X509Certificate(readFileSync(provider.places.certFile)).fingerprint256
      .replaceAll(':', '')
      .toLowerCase()
    const id = await stack.account({
      port,
      tls,
      // Of its own: in one that has gathered from here before, a Redis this young would have the ledger made whole from what is there.
      destinationId: await stack.destination(`over-${tls}`),
      folder: tls,
      ...(tls === 'none' ? {} : { tlsFingerprint }),
    })
    const { body } = await stack.call('POST', `/accounts/${id}/test`)
    assert.deepEqual([body['ok'], body['messages'], body['failure']], [true, 3, null])
    const seen = body['tls'] as { version: string; fingerprint: string } | null
    assert.deepEqual(seen && [seen.version, seen.fingerprint], tls === 'none' ? null : ['TLSv1.3', tlsFingerprint])
    for (const stored of [3, 0]) {
      const run = await stack.pull(id)
      assert.deepEqual([run.listed, run.stored, run.failure], [3, stored, null])
    }
    await stack.call('DELETE', `/accounts/${id}`)
  })
}

test('a certificate that nobody vouches for is refused over STLS too, and the test says so', async () => {
  const id = await stack.account({ port: provider.pop3Port, tls: 'starttls', destinationId, folder: 'strange' })
  const { body } = await stack.call('POST', `/accounts/${id}/test`)
  assert.equal(body['ok'], false)
  assert.match(JSON.stringify(body['failure']), /"kind":"tls","message":"No safe TLS connection .*signed by itself/)
  assert.equal((await stack.pull(id)).failure?.kind, 'tls')
})
