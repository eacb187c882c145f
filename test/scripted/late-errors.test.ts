import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import { ImapFlow } from 'imapflow'
import { LoopTurns } from '../../src/imap/loop-turns.ts'
import { siftingFor } from '../../src/imap/sifting.ts'

test('an answer that fails in the moment in which the connection is closed ends no process', async () => {
  const server = createServer((socket) => void socket.on('error', () => {}).write('* OK ready\r\n'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const uncaught: unknown[] = []
  const hear = (error: unknown) => void uncaught.push(error)
  process.on('uncaughtException', hear)
  try {
    const client = new ImapFlow({
      host: '127.0.0.1',
      port: (server.address() as AddressInfo).port,
      logger: false,
      auth: { user: 'me', pass: 'secret' },
    })
    client.on('error', () => {})
    siftingFor(new LoopTurns(), 'one', 'run').begin(client)
    const connecting = client.connect().catch(() => {})
    Reflect.get(client, 'streamer').destroy(new Error('too large'))
    client.close()
    await connecting
    await setImmediate()
    assert.deepEqual(uncaught, [])
  } finally {
    process.off('uncaughtException', hear)
    server.close()
  }
})
