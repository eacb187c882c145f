import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { certificate } from '../support/certificates.ts'
import { closeAll } from '../support/closing.ts'
import { startPop3Server } from '../support/pop3-server.ts'

test('a server closes at once although a client is in the middle of a TLS handshake', async () => {
  const server = await startPop3Server({ messages: [], tls: certificate() })
  const client = connect(server.port, '127.0.0.1').on('error', () => {})
  await once(client, 'connect')
  const gone = once(client, 'close')
  await server.close()
  await gone
})

test('where one part does not close, the others are closed all the same, and it is named', async () => {
  const closed: string[] = []
  const closing = closeAll({
    browser: () => closed.push('browser'),
    stack: () => Promise.reject(new Error('Redis is gone')),
    provider: async () => closed.push('provider'),
  })
  await assert.rejects(closing, { message: 'Not closed: stack: Redis is gone' })
  assert.deepEqual(closed, ['browser', 'provider'])
})
