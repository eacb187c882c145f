/** Servers that offer sessions of TLS and do not bear that one is resumed, and how long a session is resumed. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { ServerTrait } from '../../src/account/server-traits.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { pop3Limits } from '../../src/pop3/limits.ts'
import { openMaildrop, openQuickly } from '../../src/pop3/open-maildrop.ts'
import { TlsSessions } from '../../src/pop3/tls-sessions.ts'
import { closerOf } from '../support/closing.ts'
import { issued } from '../support/issued.ts'
import { type Behaviour, startPop3Server } from '../support/pop3-server.ts'

const chain = issued()
const messages = [{ bytes: Buffer.from('Subject: one\r\n\r\nhello\r\n') }]
const login = { host: 'localhost', user: 'me', password: 'secret', tlsVerify: true, tlsFingerprint: null } as const

type Mode = 'implicit' | 'starttls'
interface Spoken {
  readonly mode: Mode
  readonly maxVersion: 'TLSv1.2' | 'TLSv1.3'
}

/** A server, and a worker's sessions with it, whose clock stands. */
async function at(t: TestContext, { mode, maxVersion }: Spoken, behaviour: Partial<Behaviour>) {
  const { cert, key, root } = chain
  const secured = { cert, key, maxVersion }
  const server = await startPop3Server({
    messages,
    ...(mode === 'implicit' ? { tls: secured } : { stls: secured, capabilities: ['STLS', ...offered] }),
    ...behaviour,
  })
  t.after(() => server.close())
  const clock = { nowMs: 0 }
  const tlsSessions = new TlsSessions(() => clock.nowMs)
  const options = { ...login, port: server.port, tls: mode, ca: root, tlsSessions }
  return { server, clock, options }
}

const visit = async (options: Parameters<typeof openMaildrop>[0]) => {
  const maildrop = await openMaildrop(options)
  assert.equal((await maildrop.list()).length, 1)
  await maildrop.quit()
}

async function failureOf(run: Promise<unknown>) {
  const error = await run.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(error instanceof SessionFailed, String(error))
  return error.failure
}

const offered = ['USER', 'UIDL', 'TOP', 'PIPELINING']
const everyWay = (['implicit', 'starttls'] as const).flatMap((mode) =>
  (['TLSv1.2', 'TLSv1.3'] as const).map((maxVersion) => ({ mode, maxVersion })),
)

for (const spoken of everyWay) {
  const name = `${spoken.mode}, ${spoken.maxVersion}`

  test(`a server that ends resumed sessions is read at every visit, and after two of them is offered none for a day (${name})`, async (t) => {
    const { server, clock, options } = await at(t, spoken, { onResumed: 'ends' })
    for (let nth = 0; nth < 5; nth += 1) await visit(options)
    assert.deepEqual(server.resumed, [false, true, false, true, false, false, false])
    assert.equal(server.commands.filter((line) => line === 'PASS ***').length, 5, 'nobody logs in twice')
    // Other rules have sessions of their own, and the server is the same.
    for (let nth = 0; nth < 2; nth += 1) await visit({ ...options, tlsVerify: false })
    assert.ok(!server.resumed.slice(7).includes(true))
    clock.nowMs += pop3Limits.noTlsSessionsMs
    for (let nth = 0; nth < 2; nth += 1) await visit(options)
    assert.deepEqual(server.resumed.slice(9), [false, true, false])
  })

  test(`where the login and the listing go in one segment it is the same (${name})`, async (t) => {
    const { server, options } = await at(t, spoken, { onResumed: 'ends' })
    const known = { before: offered, after: offered }
    for (let nth = 0; nth < 4; nth += 1) {
      const traits = new Set<ServerTrait>(['login together'])
      const session = await openQuickly({ ...options, known, traits })
      assert.ok(session.isTogether)
      assert.equal((await session.list()).length, 1)
      await session.quit()
    }
    assert.deepEqual(server.resumed, [false, true, false, true, false, false])
  })

  test(`a session is resumed for an hour from the handshake that has shown the certificate (${name})`, async (t) => {
    const { server, clock, options } = await at(t, spoken, {})
    for (const minute of [0, 30, 59, 60, 61, 119, 121]) {
      clock.nowMs = minute * 60_000
      await visit(options)
    }
    assert.deepEqual(server.resumed, [false, true, true, false, true, true, false])
  })
}

test('a server that breaks off a handshake with a session is asked once more without it', async (t) => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { server, options } = await at(t, { mode: 'implicit', maxVersion }, {})
    const hellos: number[] = []
    const front = createServer((socket) => {
      socket
        .on('error', () => {})
        .once('data', (hello) => {
          hellos.push(hello.length)
          // A session makes the first hello longer.
          if (hello.length > (hellos[0] ?? 0) + 50) return socket.destroy()
          const through = connect(server.port, '127.0.0.1').on('error', () => {})
          through.write(hello)
          through.pipe(socket)
          return socket.pipe(through)
        })
    })
    t.after(closerOf(front))
    await once(front.listen(0, '127.0.0.1'), 'listening')
    const { port } = front.address() as AddressInfo
    for (let nth = 0; nth < 4; nth += 1) await visit({ ...options, port })
    assert.equal(hellos.length, 6)
    assert.deepEqual(server.resumed, [false, false, false, false])
  }
})

test('a server that is silent in a resumed session is left at the end of its time, and read at the next visit', async (t) => {
  const { server, options } = await at(t, { mode: 'implicit', maxVersion: 'TLSv1.3' }, { onResumed: 'is silent' })
  const impatient = { ...options, waits: { replyMs: 200 } }
  await visit(options)
  assert.equal((await failureOf(visit(impatient))).kind, 'silent')
  await visit(options)
  assert.equal((await failureOf(visit(impatient))).kind, 'silent')
  for (let nth = 0; nth < 3; nth += 1) await visit(options)
  assert.deepEqual(server.resumed, [false, true, false, true, false, false, false])
})

test('whoever fails behind a whole handshake, or refuses with words behind a resumed one, is not asked again', async (t) => {
  const spoken = { mode: 'implicit', maxVersion: 'TLSv1.3' } as const
  const broken = await at(t, spoken, { greeting: 'hello' })
  const impatient = { ...broken.options, waits: { replyMs: 1000 } }
  assert.equal((await failureOf(visit(impatient))).kind, 'broken protocol')
  assert.deepEqual(broken.server.resumed, [false])

  const busy = await at(t, spoken, { connections: [{}, { greeting: '-ERR too many connections' }, {}] })
  await visit(busy.options)
  assert.notEqual((await failureOf(visit(busy.options))).kind, 'unreachable')
  await visit(busy.options)
  assert.deepEqual(busy.server.resumed, [false, true, true])
})
