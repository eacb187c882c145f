/** Passwords of hosted logins with odd characters: each lets its owner in by every protocol, or is refused at its field with the reason. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { tryLogin } from '../../src/imap/login.ts'
import { converse } from '../support/reader.ts'
import { type Stack, startStack } from '../support/stack.ts'

let stack: Stack
before(async () => {
  stack = await startStack()
})
after(async () => await stack.stop())

const fit: Readonly<Record<string, string>> = {
  'white space around it': ' in the middle ',
  'spaces alone': '   ',
  quotes: 'a"b\'c`',
  backslashes: '\\a\\\\b\\',
  colons: ':a:b::',
  'the name of a scheme': '{PLAIN}secret',
  'a literal': 'a{3}',
  variables: '%u%n${x}$y',
  stars: 'alice*gateway',
  'a comment': '#x',
  'letters and pictures': 'pässwörd🔑密碼',
  'control characters': '\x0b\x1b\x7f\u0085',
  'a no-break space': '\u00a0',
  '1,000 characters': 'x'.repeat(1000),
  '1,024 pictures': '🔑'.repeat(1024),
}

test('a hosted password may hold any odd characters', async () => {
  await Promise.all(
    Object.entries(fit).map(async ([what, password], nth) => {
      const login = `odd${nth}`
      const { status, body } = await stack.call('POST', '/destinations', { kind: 'hosted', login, password })
      assert.equal(status, 201, `${what}: ${JSON.stringify(body)}`)
      const { imapPort: port, pop3Port } = stack.dovecot
      const outcome = await tryLogin({ host: '127.0.0.1', port, tls: 'none', user: login, password })
      assert.equal(outcome, 'accepted', what)
      // A POP3 line has 8 KiB in Dovecot, and 255 octets by RFC 2449.
      if (password.length >= 1000) return
      const said = await converse(pop3Port, [`USER ${login}`, `PASS ${password}`, 'QUIT'])
      assert.match(said.toString(), /^\+OK Logged in/m, what)
    }),
  )
})

test('what Dovecot or a line cannot carry is refused at the field, with the reason', async () => {
  const id = await stack.destination('even')
  for (const [password, reason] of [
    ['a\tb', /TAB/],
    ['\t', /TAB/],
    ['a\x01b', /U\+0001/],
    ['a\nb', /CR, LF or NUL/],
    ['a\rb', /CR, LF or NUL/],
    ['a\0b', /CR, LF or NUL/],
  ] as const) {
    for (const { status, body } of [
      await stack.call('POST', '/destinations', { kind: 'hosted', login: 'refused', password }),
      await stack.call('PATCH', `/destinations/${id}`, { password }),
    ]) {
      assert.equal(status, 400, JSON.stringify(password))
      const [mistake] = body['errors'] as { pointer: string; detail: string }[]
      assert.equal(mistake?.pointer, '/password')
      assert.match(mistake?.detail ?? '', reason)
    }
  }
  // A mailbox elsewhere has its own rules.
  const elsewhere = { kind: 'imap', host: 'imap.example.org', user: 'me', password: 'a\tb' }
  assert.equal((await stack.call('POST', '/destinations', elsewhere)).status, 201)
})
