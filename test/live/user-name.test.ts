import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Behaviour, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { letter } from '../support/world.ts'

let stack: Stack
let destinationId: string
before(async () => {
  stack = await startStack()
  destinationId = await stack.destination('alice')
})
after(async () => await stack?.stop())

const messages = [{ bytes: letter('one') }]
/** `me` alone is let in, and each login is counted. */
async function provider(behaviour: Partial<Behaviour> = {}) {
  const server = await startPop3Server({
    messages,
    user: 'me',
    password: 'secret',
    capabilities: ['UIDL', 'SASL PLAIN'],
    ...behaviour,
  })
  const tried = async (fields: object = {}) => {
    const body = { address: 'me@example.net', host: '127.0.0.1', port: server.port, tls: 'none', destinationId }
    return (await stack.call('POST', '/accounts/test', { ...body, password: 'secret', ...fields })).body
  }
  const logins = () => server.commands.filter((command) => /^(?:PASS|AUTH)/.test(command)).length
  return { server, tried, logins }
}

test('where the address is refused, what stands before the @ is tried by itself, in one login more', async (t) => {
  const { server, tried, logins } = await provider()
  t.after(() => server.close())
  const { ok, user, messages: count } = await tried()
  assert.deepEqual({ ok, user, count, logins: logins() }, { ok: true, user: 'me', count: 1, logins: 2 })
})

test('a refused password costs two logins and names the address; a user that is said is the one that is tried', async (t) => {
  const { server, tried, logins } = await provider()
  t.after(() => server.close())
  const wrong = await tried({ password: 'wrong' })
  assert.deepEqual([wrong['ok'], wrong['user'], logins()], [false, 'me@example.net', 2])
  const said = await tried({ user: 'me@example.net' })
  assert.deepEqual([said['ok'], said['user'], logins()], [false, undefined, 3])
})

test('a server that wants time between two logins is asked once', async (t) => {
  const { server, tried, logins } = await provider({ capabilities: ['UIDL', 'SASL PLAIN', 'LOGIN-DELAY 60'] })
  t.after(() => server.close())
  assert.deepEqual([(await tried())['ok'], logins()], [false, 1])
})

test('an account that is registered without a user has the address', async () => {
  const { body } = await stack.call('POST', '/accounts', {
    address: ' me@example.net ',
    host: '127.0.0.1',
    tls: 'none',
    password: 'secret',
    paused: true,
    destinationId,
  })
  assert.equal(body['user'], 'me@example.net')
})
