import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { pullLimits } from '../../src/pull/limits.ts'
import type { Run } from '../../src/runs/run.ts'
import { assertAgree, assertEachOnce, assertNoneLost, ledgerOf } from '../support/audit.ts'
import { startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { type AppendPlace, type Proxy, startProxy } from '../support/proxy.ts'
import { readFolder } from '../support/reader.ts'
import { type Stack, startStack } from '../support/stack.ts'

/** Two whole batches, and one of 30. */
const letters = Array.from({ length: 2 * pullLimits.windowMessagesMax + 30 }, (_, nth) =>
  Buffer.from(`Message-ID: <${nth}@example.org>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nThe ${nth}th.\r\n`),
)

interface Trouble {
  readonly name: string
  readonly kinds: readonly ('hosted' | 'imap')[]
  /** Makes the second append break. */
  readonly brew: (proxy: Proxy) => void
}

const cutAt = (place: AppendPlace, how: string): Trouble => ({
  name: `the line is cut ${how}`,
  kinds: ['hosted', 'imap'],
  brew: (proxy) => proxy.whenAppend(2, place, (cut) => cut()),
})

/** What ends the store in mid-append; it comes back by itself. */
const restart = (place: AppendPlace, signal: 'SIGTERM' | 'SIGKILL', afterMs = 0): Trouble => ({
  name: `the store is ended by ${signal} ${place === 'in mid-literal' ? 'in the middle' : `${afterMs} ms behind the end`} of an append`,
  kinds: ['hosted'],
  // What is under way may come to its end.
  brew: (proxy) =>
    proxy.whenAppend(2, place, () => {
      const kill = () => signal === 'SIGKILL' && process.kill(-stack.dovecot.pid(), signal)
      // At once: a millisecond later a busy machine has stored it all.
      if (afterMs === 0) kill()
      back = delay(afterMs).then(async () => {
        if (afterMs > 0) kill()
        await stack.dovecot.halt()
        await stack.dovecot.resume()
      })
    }),
})

const troubles: readonly Trouble[] = [
  cutAt('in mid-literal', 'in the middle of a message'),
  cutAt('before its end', 'before the last CRLF of an append'),
  cutAt('behind its end', 'behind the last CRLF of an append, before the answer'),
  { name: 'the OK to an append is lost', kinds: ['hosted', 'imap'], brew: (proxy) => loseSecond(proxy, 'lose') },
  {
    name: 'the OK to an append never comes',
    kinds: ['hosted', 'imap'],
    brew: (proxy) => loseSecond(proxy, 'swallow'),
  },
  restart('in mid-literal', 'SIGTERM'),
  restart('in mid-literal', 'SIGKILL'),
  restart('behind its end', 'SIGTERM'),
  // In the middle of writing it down: mdbox's file and its index may then say different things.
  ...[0, 4, 8, 12].map((ms) => restart('behind its end', 'SIGKILL', ms)),
]

function loseSecond(proxy: Proxy, how: 'lose' | 'swallow'): void {
  proxy.whenAppend(2, 'behind its end', () => proxy[how]('APPENDUID'))
}

const cases = troubles.flatMap(({ kinds, ...trouble }) => kinds.map((kind) => ({ ...trouble, kind })))
const loginOf = (nth: number) => `login${nth}`

let stack: Stack
let provider: TestDovecot
let foreign: TestDovecot
let proxies: Record<'hosted' | 'imap', Proxy>
/** The store is there again. */
let back: Promise<void> = Promise.resolve()
before(async () => {
  const users = Object.fromEntries(cases.map((_, nth) => [loginOf(nth), 'wonder']))
  const maildrops = Object.fromEntries(cases.map((_, nth) => [loginOf(nth), letters]))
  ;[stack, provider, foreign] = await Promise.all([startStack(), startDovecot(users, maildrops), startDovecot(users)])
  const [hosted, imap] = await Promise.all([startProxy(stack.dovecot.imapPort), startProxy(foreign.imapPort)])
  proxies = { hosted, imap }
  await stack.startWorker({ store: { ...stack.dovecot.store, port: hosted.port }, appendWaitMs: 2000 })
})
after(async () => {
  await Promise.all([stack.stop(), provider.stop(), foreign.stop()])
  await Promise.all(Object.values(proxies).map(async (proxy) => await proxy.close()))
})

async function destination(kind: 'hosted' | 'imap', login: string): Promise<string> {
  if (kind === 'hosted') return await stack.destination(login)
  const { port } = proxies.imap
  const login_ = { kind, host: '127.0.0.1', port, tls: 'none', user: login, password: 'wonder' }
  const { status, body } = await stack.call('POST', '/destinations', login_)
  assert.equal(status, 201, JSON.stringify(body))
  return body.id
}

for (const [nth, { name, kind, brew }] of cases.entries()) {
  test(`${name} (${kind}): every message is stored once`, async () => {
    const [login, proxy] = [loginOf(nth), proxies[kind]]
    const destinationId = await destination(kind, login)
    const id = await stack.account({
      port: provider.pop3Port,
      user: login,
      password: 'wonder',
      destinationId,
      retention: { mode: 'delete' },
    })
    const port = kind === 'hosted' ? stack.dovecot.imapPort : foreign.imapPort
    const stored = async () => await readFolder(port, login, 'wonder')
    const left = async () => await readFolder(provider.imapPort, login, 'wonder')

    brew(proxy)
    const broken = await stack.pull(id)
    await back
    // What is on its way into the store when the next run looks there is for others to try.
    await proxy.quiet()
    // The same run looks for what it has sent, and goes on if the store is there.
    assert.ok(broken.failure === null || broken.failure.kind.startsWith('store '), broken.failure?.message)
    if (broken.failure !== null) assert.equal((await left()).length, letters.length)
    assertNoneLost(await stored(), await left(), letters)

    const runs: Run[] = [broken]
    while (runs.at(-1)?.failure !== null) {
      assert.ok(runs.length < 5, runs.at(-1)?.failure?.message)
      runs.push(await stack.pull(id))
    }
    const messages = await stored()
    assertEachOnce(messages, letters)
    assertAgree(await ledgerOf(stack.redis, id), messages)
    assert.equal(
      runs.reduce((sum, run) => sum + run.stored + run.recovered, 0),
      letters.length,
    )
    assert.deepEqual(await left(), [])
    const again = await stack.pull(id)
    assert.deepEqual([again.stored, again.recovered, again.failure], [0, 0, null])
  })
}
