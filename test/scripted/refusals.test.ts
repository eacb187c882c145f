/** What a POP3 server's refusal means for the session, at every command: the kind of failure, whether it passes, and the wait. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { consequenceOf, noFailures } from '../../src/failure/consequence.ts'
import type { Failure } from '../../src/failure/failure.ts'
import { nextStep } from '../../src/failure/next-step.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { describe, reportOf } from '../../src/failure/sentences.ts'
import { stepSentence } from '../../src/failure/step.ts'
import { openMaildrop } from '../../src/pop3/open-maildrop.ts'
import { type Behaviour, startPop3Server } from '../support/pop3-server.ts'
import { lettersOf } from '../support/visits.ts'

/** Logs in, looks at everything, retrieves everything and leaves. The answer is what the session fails of. */
async function failureOf(t: TestContext, behaviour: Partial<Behaviour>, password = 'secret'): Promise<Failure> {
  const server = await startPop3Server({ messages: lettersOf('a', 'b', 'c'), ...behaviour })
  t.after(() => server.close())
  const where = { host: '127.0.0.1', port: server.port, tls: 'none', tlsVerify: true, tlsFingerprint: null } as const
  try {
    const session = await openMaildrop({ ...where, user: 'me', password })
    await session.stat()
    const listed = [...(await session.list())]
    for await (const { release } of session.retrieve(listed, 1e6)) release()
    await session.quit()
  } catch (error) {
    if (error instanceof SessionFailed) return error.failure
    throw error
  }
  return assert.fail('it went well')
}

/** At QUIT the work is done, and nothing fails it (the-end.test.ts). */
type Place = 'greeting' | 'USER' | 'PASS' | 'STAT' | 'UIDL' | 'LIST'
const places: readonly Place[] = ['greeting', 'USER', 'PASS', 'STAT', 'UIDL', 'LIST']

function refusing(place: Place, words: string): Partial<Behaviour> {
  return place === 'greeting' ? { greeting: `-ERR ${words}` } : { answers: { [place]: `-ERR ${words}\r\n` } }
}

/** In minutes: the first wait. */
function waitOf(failure: Failure): number {
  const { next } = consequenceOf(failure, noFailures, 0, 0)
  return next.do === 'try again' ? next.afterMs / 60_000 : Number.POSITIVE_INFINITY
}

test('words that mean the same at the login and after it have the same consequence at every command', async (t) => {
  const words: readonly (readonly [string, Failure['kind'], passes: boolean, minutes: number])[] = [
    ['Exceeded the login limit for a 15 minute period. Reduce the frequency of requests', 'throttled', true, 15],
    ['you may only login once per minute', 'throttled', true, 1],
    ['Mail check interval 60 seconds', 'throttled', true, 1],
    ['too many connections', 'throttled', true, 15],
    ['Download exceed. msg=10', 'throttled', true, 15],
    ['Unable to open mailbox', 'provider refused', true, 1],
    ['Cannot open maildrop: I/O error', 'provider refused', true, 1],
    ['Unable to connect to database', 'provider refused', true, 1],
    ['[SYS/TEMP] try again later', 'provider refused', true, 1],
    ['[IN-USE] locked', 'maildrop in use', false, 5],
  ]
  for (const place of places) {
    for (const [said, kind, passes, minutes] of words) {
      // Without UIDL a session goes on, as long as it may.
      if (place === 'UIDL' && kind !== 'throttled') continue
      const failure = await failureOf(t, refusing(place, said))
      assert.equal(failure.kind, kind, `${place}: ${said}`)
      assert.equal(reportOf(failure).passes, passes, `${place}: ${said}`)
      assert.equal(waitOf(failure), minutes, `${place}: ${said}`)
    }
  }
})

test('a refusal that nobody understands is the password at the login, and the provider elsewhere', async (t) => {
  for (const place of places) {
    // Without one of the two listings a session goes on.
    if (place === 'UIDL' || place === 'LIST') continue
    const failure = await failureOf(t, refusing(place, 'no'))
    assert.equal(failure.kind, place === 'USER' || place === 'PASS' ? 'credentials refused' : 'provider refused', place)
    assert.equal(reportOf(failure).passes, false)
  }
  for (const words of ['[SYS/PERM] no', 'Mailbox is full'])
    assert.equal((await failureOf(t, refusing('PASS', words))).kind, 'provider refused', words)
})

test('a login that is refused for another reason than the password is not told as a wrong password', async (t) => {
  for (const [words, step] of [
    ['Access denied from your IP', 'let the address in'],
    ['mailbox is suspended', 'unlock on the web'],
    ['Account expired', 'unlock on the web'],
    ['POP3 access not enabled', 'switch POP3 on'],
    ['Plaintext authentication disallowed on non-secure (SSL/TLS) connections', 'use TLS'],
    ['[AUTH] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.', 'use TLS'],
    ['License expired', 'renew the licence'],
    ['POP is for premium users only', 'other tariff'],
    ['Mailbox is over quota', 'make room'],
    ['mailbox has moved to pop.new.example', 'moved'],
    [
      '\xd0\xa3\xd1\x87\xd1\x91\xd1\x82\xd0\xbd\xd0\xb0\xd1\x8f \xd0\xb7\xd0\xb0\xd0\xbf\xd0\xb8\xd1\x81\xd1\x8c \xd0\xb7\xd0\xb0\xd0\xb1\xd0\xbb\xd0\xbe\xd0\xba\xd0\xb8\xd1\x80\xd0\xbe\xd0\xb2\xd0\xb0\xd0\xbd\xd0\xb0',
      'unlock on the web',
    ],
  ] as const) {
    const report = reportOf(await failureOf(t, refusing('PASS', words)))
    assert.deepEqual([report.kind, report.step?.code, report.passes], ['provider refused', step, false], words)
    assert.doesNotMatch(report.message, /user name or password|app password/, words)
  }
  // Somebody mends these with another password, or with a sign-in.
  for (const [words, step] of [
    ['Your password has expired', 'choose a new password'],
    ['Please sign in via the web', 'confirm on the web'],
  ] as const) {
    const report = reportOf(await failureOf(t, refusing('PASS', words)))
    assert.deepEqual([report.kind, report.step?.code], ['credentials refused', step], words)
    assert.match(report.message, /refused the login:/)
  }
  const tooOften = Buffer.from('\u30ed\u30b0\u30a4\u30f3\u56de\u6570\u304c\u591a\u3059\u304e\u307e\u3059').toString(
    'latin1',
  )
  const report = reportOf(await failureOf(t, refusing('PASS', tooOften)))
  assert.deepEqual([report.kind, report.passes], ['throttled', true])
})

test('a limit and an overload pass by themselves, wherever and in whatever language they are told', async (t) => {
  for (const place of ['PASS', 'STAT', 'LIST'] as const) {
    for (const [words, kind] of [
      ['\u041f\u0440\u0435\u0432\u044b\u0448\u0435\u043d \u043b\u0438\u043c\u0438\u0442', 'throttled'],
      ['Limit exceeded', 'throttled'],
      ['Server ist \u00fcberlastet', 'provider refused'],
    ] as const) {
      const octets = Buffer.from(words).toString('latin1')
      const report = reportOf(await failureOf(t, refusing(place, octets)))
      assert.deepEqual([report.kind, report.passes], [kind, true], `${place}: ${words}`)
    }
  }
})

test('an account that is shut at the provider stops as one whose password is refused does; one whose address is shut out goes on', () => {
  const after = (reply: string) => {
    const failure: Failure = { kind: 'provider refused', server: 'a:1', during: 'PASS', reply }
    let history = noFailures
    for (let nth = 0; nth < 4; nth += 1) history = consequenceOf(failure, history, nth, 0).history
    return consequenceOf(failure, history, 7 * 3_600_000, 0).next.do
  }
  for (const reply of ['mailbox is suspended', 'POP3 access not enabled', 'TLS required'])
    assert.equal(after(reply), 'stop until somebody acts', reply)
  for (const reply of ['Access denied from your IP', 'Server ist \u00fcberlastet', 'no'])
    assert.equal(after(reply), 'try again', reply)
})

test('a server that says why and then hangs up: the reason is the one that it gave, not the line', async (t) => {
  const limit = { 'RETR 2': '-ERR Exceeded the login limit for a 15 minute period\r\n' }
  const throttled = await failureOf(t, { answers: limit, dropOn: 'RETR 3' })
  assert.deepEqual([throttled.kind, waitOf(throttled)], ['throttled', 15])
  // It may well be this message: then it is the one that is blamed, and not the next one.
  const damaged = { 'RETR 2': '-ERR unable to open that message\r\n' }
  const refused = await failureOf(t, { answers: damaged, dropOn: 'RETR 3' })
  const named = refused.kind === 'provider refused' ? [refused.during, refused.reply] : refused
  assert.deepEqual(named, [{ code: 'RETR', message: 2, of: 3 }, 'unable to open that message'])
  const failure = await failureOf(t, { answers: { CAPA: '-ERR server shutting down\r\n' }, dropOn: 'USER' })
  assert.deepEqual(failure.kind, 'provider refused')
})

test('a wait that a server names is kept, within bounds, and grows with every further failure', () => {
  const throttled = (backOffMs?: number): Failure => ({
    kind: 'throttled',
    server: 'a:1',
    reply: '',
    ...(backOffMs === undefined ? {} : { backOffMs }),
  })
  const after = (failure: Failure, failures: number) => {
    const { next } = consequenceOf(failure, { ...noFailures, failures }, 0, 0)
    return next.do === 'try again' ? next.afterMs / 60_000 : assert.fail()
  }
  assert.deepEqual(
    [after(throttled(), 0), after(throttled(60_000), 0), after(throttled(1000), 0), after(throttled(1e12), 0)],
    [15, 1, 1, 24 * 60],
  )
  assert.deepEqual(
    [after(throttled(60_000), 3), after(throttled(60_000), 20), after(throttled(1e12), 3)],
    [8, 240, 1440],
  )
})

test('a password with letters beyond ASCII that is refused: it is said that these may be why', async (t) => {
  const refused = refusing('PASS', 'authorization failed')
  const failure = await failureOf(t, refused, 'pässwort')
  assert.match(describe(failure), /letters beyond ASCII, which some servers read in another way .* at the provider\.$/)
  assert.deepEqual(nextStep(failure), { code: 'plain letters' })
  assert.equal(nextStep(await failureOf(t, refused))?.code, 'check login')
  // The server names another reason.
  const app = await failureOf(t, refusing('PASS', '[AUTH] Application-specific password required'), 'pässwort')
  assert.match(stepSentence(nextStep(app) ?? assert.fail()), /^It wants an app password/)
})

test('a provider whose limit is reached is not said to want fewer visits', async (t) => {
  const failure = await failureOf(t, refusing('LIST', 'Daily download limit reached'))
  assert.match(
    describe(failure),
    /gives no more for now: "Daily download limit reached"\. Tried again later by itself; it gives again mostly within a day/,
  )
})

test('words in any encoding are shown in their letters, without anything that is not a letter', async (t) => {
  const gbk = '\xb5\xc7\xc2\xbc\xcc\xab\xc6\xb5\xb7\xb1'
  const utf8 = Buffer.from('Postfach gesperrt \u2014 sp\u00e4ter\u202e\u0007', 'utf8').toString('latin1')
  for (const [words, shown] of [
    [gbk, '\u767b\u5f55\u592a\u9891\u7e41'],
    [utf8, 'Postfach gesperrt \u2014 sp\u00e4ter?'],
    ['\xfe\xfe wrong \xff', '? wrong ?'],
  ] as const) {
    const failure = await failureOf(t, refusing('PASS', words))
    assert.equal('reply' in failure && failure.reply, shown)
  }
})
