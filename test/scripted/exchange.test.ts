import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { everywhere } from '../../src/account/reach.ts'
import { exchange, NoAnswer, type HttpRequest } from '../../src/net/exchange.ts'
import { guardOf } from '../../src/net/guard.ts'
import { here } from '../support/internet.ts'

const { lookup } = guardOf(everywhere, here)
const usual: HttpRequest = { method: 'GET', headers: {}, lookup, octetsMax: () => 10, waitMs: 5000 }

async function served(t: TestContext, answer: RequestListener): Promise<URL> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return new URL(`http://endpoint.example.net:${(server.address() as AddressInfo).port}/`)
}

test('an answer is whole up to the octets that are read of it, and no further', async (t) => {
  const url = await served(t, ({ method }, response) => response.end('x'.repeat(method === 'POST' ? 11 : 10)))
  const { status, body, whole } = await exchange(url, usual)
  assert.deepEqual([status, body.toString(), whole], [200, 'xxxxxxxxxx', true])
  const longer = await exchange(url, { ...usual, method: 'POST', body: 'hello' })
  assert.deepEqual([longer.body.length, longer.whole], [10, false])
})

test('the status holds where the body breaks off, or never ends', async (t) => {
  const url = await served(t, ({ method }, response) => {
    response.writeHead(503, { 'retry-after': '7' }).write('sorry', () => method === 'POST' && response.destroy())
  })
  for (const method of ['GET', 'POST'] as const) {
    const { status, headers, body, whole } = await exchange(url, { ...usual, method, waitMs: 300 })
    assert.deepEqual([status, headers['retry-after'], body.toString(), whole], [503, '7', 'sorry', false])
  }
  const unread = await exchange(url, { ...usual, octetsMax: () => 0 })
  assert.deepEqual([unread.status, unread.body.length], [503, 0])
})

test('an exchange that is never answered ends by its time or its signal, and its connection with it', async (t) => {
  const closed: Promise<unknown>[] = []
  const url = await served(t, (request) => void closed.push(once(request.socket, 'close')))
  await assert.rejects(exchange(url, { ...usual, waitMs: 50 }), NoAnswer)
  const stopping = new AbortController()
  const stopped = exchange(url, { ...usual, signal: stopping.signal })
  const reason = new Error('the process ends')
  setImmediate(() => stopping.abort(reason))
  await assert.rejects(stopped, (error) => error === reason)
  await Promise.all(closed)
})

test('a name is looked up once, by the guard, and the address that it allowed is the one that is dialled', async (t) => {
  const hosts: (string | undefined)[] = []
  const url = await served(t, ({ headers }, response) => {
    hosts.push(headers.host)
    response.writeHead(302, { location: 'http://elsewhere.example.net/' }).end()
  })
  const names: string[] = []
  const guard = guardOf(everywhere, (name, options, found) => {
    names.push(name)
    here(name, options, found)
  })
  const { status } = await exchange(url, { ...usual, lookup: guard.lookup })
  assert.deepEqual([status, names, hosts], [302, ['endpoint.example.net'], [url.host]])
})
