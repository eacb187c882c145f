import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Phase } from '../../src/failure/phase.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import type { MessageNumber } from '../../src/mail/message.ts'
import { Pop3Session } from '../../src/pop3/session.ts'
import { Refused, Verbs } from '../../src/pop3/verbs.ts'
import type { Reply } from '../../src/pop3/reply.ts'

const three = 3 as MessageNumber
const served: readonly (readonly [string, Phase, (verbs: Verbs) => Promise<string>])[] = [
  ['USER me', 'USER', (verbs) => verbs.user('me')],
  ['PASS secret', 'PASS', (verbs) => verbs.pass('secret')],
  ['STAT', 'STAT', (verbs) => verbs.stat()],
  ['UIDL 3', { code: 'UIDL', message: 3 }, (verbs) => verbs.entry('UIDL', three)],
  ['LIST 3', { code: 'LIST', message: 3 }, (verbs) => verbs.entry('LIST', three)],
  ['QUIT', 'QUIT', (verbs) => verbs.quit()],
]

/** node-pop3 over a wire that answers as it is told. */
function wired(answer: (line: string) => Reply | Promise<Reply>): { verbs: Verbs; asked: [string, Phase][] } {
  const asked: [string, Phase][] = []
  const verbs = new Verbs(async (line, during) => {
    asked.push([line, during])
    return await answer(line)
  })
  return { verbs, asked }
}

const ok = (text: string): Reply => ({ shape: 'status', text })

test('node-pop3 is the version whose insides the verbs rely on', () => {
  const { version } = JSON.parse(readFileSync('node_modules/node-pop3/package.json', 'utf8')) as { version: string }
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> }
  // Whoever changes it reads Command.js and Connection.js again beside src/pop3/verbs.ts.
  assert.deepEqual([version, dependencies['node-pop3']], ['0.11.0', '0.11.0'])
})

for (const [line, during, run] of served) {
  test(`${line}: +OK, -ERR and an end of the session each settle it, and the next command has its own answer`, async () => {
    const gone = new SessionFailed({ kind: 'unreachable', server: 's:110', reason: 'the connection ended' })
    const answers: (Reply | SessionFailed)[] = [
      { shape: 'refused', text: '[IN-USE] locked' },
      ok('3 120'),
      gone,
      { shape: 'refused', text: '' },
      ok('3 121 more'),
      ok(''),
    ]
    const { verbs, asked } = wired(() => {
      const next = answers.shift()
      if (next === undefined || next instanceof Error) throw next ?? new Error('nothing is left')
      return next
    })
    await assert.rejects(run(verbs), (error) => error instanceof Refused && error.message === '[IN-USE] locked')
    assert.equal(await run(verbs), '3 120')
    await assert.rejects(run(verbs), (error) => error === gone)
    await assert.rejects(run(verbs), (error) => error instanceof Refused && error.message === '')
    assert.equal(await run(verbs), '3 121 more')
    assert.equal(await run(verbs), '')
    assert.deepEqual(
      asked,
      Array.from({ length: 6 }, () => [line, during]),
    )
  })
}

test('an argument goes to its last octet, whatever white space that is', async () => {
  const { verbs, asked } = wired(() => ok(''))
  const words = ['a ', ' a\t ', '\u00a0', ' ', '', 'b\u2003']
  for (const word of words) {
    await verbs.user(word)
    await verbs.pass(word)
    await verbs.stat()
  }
  assert.deepEqual(
    asked.map(([line]) => line),
    words.flatMap((word) => [`USER ${word}`, `PASS ${word}`, 'STAT']),
  )
})

test('verbs that are asked at once wait for each other, and each has its own answer', async () => {
  let waiting = 0
  const { verbs } = wired(async (line) => {
    assert.equal((waiting += 1), 1)
    await new Promise((resolve) => setImmediate(resolve))
    waiting -= 1
    return ok(line)
  })
  assert.deepEqual(await Promise.all([verbs.stat(), verbs.entry('UIDL', three), verbs.quit()]), [
    'STAT',
    'UIDL 3',
    'QUIT',
  ])
})

test('a session has none of the verbs that would be unsafe on the path of a message', () => {
  const session = new Pop3Session({
    host: 'pop.example.net',
    port: 995,
    tls: 'implicit',
    tlsVerify: true,
    tlsFingerprint: null,
    user: 'me',
    password: 'secret',
  })
  for (const name of ['RETR', 'TOP', 'DELE', 'UIDL', 'LIST', 'command', 'emit', '_socket', '_connect'])
    assert.equal(name in session, false, name)
})
