/** How a session with a store begins: the failure says what the store did, in its own words where it has any. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { TlsMode } from '../../src/account/account.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { connectStore } from '../../src/imap/connection.ts'
import { type StoreBehaviour, startImapServer } from '../support/imap-server.ts'

async function storeThat(t: TestContext, behaviour: StoreBehaviour, tls: TlsMode = 'none') {
  const server = await startImapServer(behaviour)
  t.after(() => server.close())
  const login = { host: '127.0.0.1', port: server.port, tls, user: 'me', password: 'geheim' }
  const failure = connectStore(login).then(
    () => assert.fail('it got in'),
    (error: unknown) => (error instanceof SessionFailed ? error : assert.fail(String(error))),
  )
  return { server, failure }
}

const offers = { greeting: '* OK [CAPABILITY IMAP4rev1 STARTTLS] ready', capabilities: ['IMAP4rev1', 'STARTTLS'] }

for (const [what, behaviour, tls, sentence] of [
  [
    'greets with BYE and a code',
    { greeting: '* BYE [UNAVAILABLE] Temporary authentication failure' },
    'none',
    /is not taking connections: it ended the session: "Temporary authentication failure"/,
  ],
  ['greets with BYE alone', { greeting: '* BYE' }, 'none', /is not taking connections: .*gave no reason/],
  ['greets with BYE for too many', { greeting: '* BYE Too many connections' }, 'none', /"BYE Too many connections"/],
  ['greets with 3 MB', { greeting: `* OK ${'x'.repeat(3e6)}` }, 'none', /greeting has more than 64 KiB/],
  ['greets with BAD', { greeting: '* BAD not today' }, 'none', /its greeting is not IMAP, "\* BAD not today"/],
  ['greets with a word of its own', { greeting: '* HELLO' }, 'none', /its greeting is not IMAP/],
  ['answers LOGIN with BAD', { answers: { LOGIN: 'TAG BAD\r\n' } }, 'none', /gave no reason: "BAD \(login me\)"/],
  [
    'announces STARTTLS and answers NO',
    { ...offers, answers: { STARTTLS: 'TAG NO TLS engine failed\r\n' } },
    'starttls',
    /offers STARTTLS and refuses it, "NO TLS engine failed": try port 993/,
  ],
  [
    'announces STARTTLS and answers BAD without a word',
    { ...offers, answers: { STARTTLS: 'TAG BAD\r\n' } },
    'starttls',
    /offers STARTTLS and refuses it, "BAD": try port 993/,
  ],
  ...['* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n', '* CAPAB', '2 OK logged in\r\n', '\0'].map(
    (junk) =>
      [
        `sends ${JSON.stringify(junk)} behind its OK to STARTTLS`,
        { ...offers, answers: { STARTTLS: `TAG OK begin\r\n${junk}` } },
        'starttls',
        /something was sent between STARTTLS and the handshake, as an attacker would, so no login was sent/,
      ] as const,
  ),
] as const)
  test(`a store that ${what} is told as what it is`, { timeout: 100_000 }, async (t) => {
    const { server, failure } = await storeThat(t, behaviour, tls)
    const { message } = await failure
    assert.match(message, sentence)
    assert.doesNotMatch(message, /refused the login: "BYE|does not support STARTTLS|Line length/)
    if (!('answers' in behaviour && 'LOGIN' in behaviour.answers)) assert.ok(!server.verbs.includes('LOGIN'))
  })

test('a store that takes the connection and says nothing is left after 20 s, and told so', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { failure } = await storeThat(t, { greeting: '' })
  let waitedS = 0
  let isOver = false
  const pass = () => {
    if (isOver) return
    // The first turns are those in which the connection is made.
    if ((waitedS += 0.1) > 20) t.mock.timers.tick(1000)
    setImmediate(pass)
  }
  pass()
  const { message } = await failure
  isOver = true
  assert.match(message, /it took the connection, and said nothing for 20 s: check host and port; IMAP is mostly at/)
})
