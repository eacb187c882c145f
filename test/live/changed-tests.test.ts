/** An account that is tried with other settings before they are saved. */
import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { certificate } from '../support/certificates.ts'
import { type Behaviour, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'

let stack: Stack
let destinationId: string
before(async () => {
  stack = await startStack()
  destinationId = await stack.destination('alice')
})
after(async () => await stack.stop())

const letter = { bytes: Buffer.from('Subject: Hello\r\n\r\nHello\r\n') }
async function provider(t: TestContext, behaviour: Partial<Behaviour> = {}, atPort = 0) {
  const server = await startPop3Server({ messages: [letter], password: 'secret', ...behaviour }, atPort)
  t.after(async () => await server.close())
  return server
}
const pointers = ({ body }: { body: Record<string, unknown> }) =>
  (body['errors'] as { pointer: string }[] | undefined)?.map(({ pointer }) => pointer) ?? []

test('other settings are tried without being saved, with the password that is kept or with another one', async (t) => {
  const { port } = await provider(t)
  const id = await stack.account({ user: 'tried', port, destinationId })
  const before = (await stack.call('GET', `/accounts/${id}`)).body
  const tried = async (body?: object) => await stack.call('POST', `/accounts/${id}/test`, body)
  assert.equal((await tried()).body['ok'], true)
  assert.equal((await tried({})).body['ok'], true)
  assert.equal((await tried({ folder: 'Work', interval: { minSeconds: 60 } })).body['ok'], true)
  const { failure } = (await tried({ password: 'another' })).body
  assert.equal((failure as { kind: string }).kind, 'credentials refused')
  const elsewhere = await provider(t, { password: 'other' })
  assert.equal((await tried({ port: elsewhere.port, password: 'other' })).body['ok'], true)
  assert.deepEqual(pointers(await tried({ folder: 'tributary-staging' })), ['/folder'])
  const after = (await stack.call('GET', `/accounts/${id}`)).body
  assert.deepEqual(after, before)
})

test('the password that is kept is tried nowhere that a change could not send it to', async (t) => {
  const [here, elsewhere] = [await provider(t), await provider(t)]
  const id = await stack.account({ user: 'kept', port: here.port, destinationId })
  const refused = await stack.call('POST', `/accounts/${id}/test`, { port: elsewhere.port })
  assert.deepEqual([refused.status, pointers(refused)], [400, ['/port']])
  assert.deepEqual(elsewhere.commands, [])
  // Whoever may only operate does not choose where it goes.
  const { body } = await stack.call('POST', '/tokens', { name: 'operator', scopes: ['operate'] })
  const asOperator = async (payload: object) =>
    await stack.app.inject({
      method: 'POST',
      url: `/api/v1/accounts/${id}/test`,
      headers: { authorization: `Bearer ${String(body['token'])}` },
      payload,
    })
  assert.equal((await asOperator({ tls: 'none' })).statusCode, 403)
  assert.equal((await asOperator({})).json().ok, true)
})

test('a certificate that another server has shown in a test is not pinned without the password', async (t) => {
  const [own, others, next] = [certificate(), certificate(), certificate()]
  const here = await startPop3Server({ messages: [letter], password: 'secret', tls: own })
  const elsewhere = await provider(t, { tls: others })
  const id = await stack.account({
    user: 'pinned',
    host: 'localhost',
    tls: 'implicit',
    port: here.port,
    tlsFingerprint: own.fingerprint,
    destinationId,
  })
  const tried = async (body: object) => (await stack.call('POST', `/accounts/${id}/test`, body)).body
  const pin = async (tlsFingerprint: string) => await stack.call('PATCH', `/accounts/${id}`, { tlsFingerprint })
  assert.equal((await tried({}))['ok'], true)
  const there = { port: elsewhere.port, tlsFingerprint: others.fingerprint, password: 'secret' }
  assert.equal((await tried(there))['ok'], true)
  assert.deepEqual(pointers(await pin(others.fingerprint)), ['/tlsFingerprint'])
  assert.deepEqual(pointers(await pin(next.fingerprint)), ['/tlsFingerprint'])
  // Its own server's new certificate is.
  await here.close()
  const renewed = await provider(t, { tls: next }, here.port)
  const { failure, step } = await tried({})
  assert.deepEqual(
    [(failure as { kind: string }).kind, step],
    ['tls', { code: 'pin if renewed', fingerprint: next.fingerprint }],
  )
  assert.ok(!renewed.commands.some((command) => command.startsWith('PASS')))
  assert.equal((await tried({ tlsFingerprint: next.fingerprint }))['ok'], true)
  assert.equal((await pin(next.fingerprint)).status, 200)
})
