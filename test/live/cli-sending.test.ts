/** `tributary send` and `tributary outbox`, as somebody types them, against an instance whose account sends by a real SMTP exchange. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { homeOf, writeAddress } from '../../src/disk/home.ts'
import { type Said, said, withPath } from '../support/cli.ts'
import { closeAll } from '../support/closing.ts'
import { quickSending } from '../support/outgoing.ts'
import { honest } from '../support/sasl-server.ts'
import { type ScriptedSmtp, startScriptedSmtp } from '../support/scripted-smtp.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
let provider: ScriptedSmtp
let folder: string
let destinationId: string
before(async () => {
  ;[stack, provider] = await Promise.all([
    startStack(),
    startScriptedSmtp({
      auth: { mechanisms: ['PLAIN'], plays: honest() },
      acts: {
        RCPT: (line) => (line.includes('nobody@') ? '550 5.1.1 nobody\r\n' : undefined),
      },
    }),
  ])
  const url = await stack.app.listen({ host: '127.0.0.1', port: 0 })
  folder = mkdtempSync('/tmp/tributary-cli-sending-')
  writeFileSync(join(folder, 'admin-token'), `${adminToken}\n`, { mode: 0o600 })
  writeAddress(homeOf(folder), url, undefined)
  destinationId = await stack.destination('alice')
  await stack.account({ destinationId, smtp: { host: '127.0.0.1', port: provider.port, tls: 'none' } })
  await stack.startWorker({ outbox: stack.world.outboxFiles.folder, send: { everyMs: quickSending.everyMs } })
})
after(async () => {
  await closeAll({ stack: () => stack.stop(), provider: () => provider.close() })
  rmSync(folder, { recursive: true })
})

async function tributary(words: readonly string[], stdin = '', token?: string): Promise<Said> {
  const own = token === undefined ? {} : { TRIBUTARY_TOKEN: token }
  const env = withPath({ TRIBUTARY_HOME: folder, ...own })
  return await said(spawn(process.execPath, ['dist/cli/main.js', ...words], { env }), stdin)
}

const made = (to: string, ...more: readonly string[]) => [
  'send',
  'alice',
  '--from',
  'me@example.net',
  '--to',
  to,
  '--subject',
  'Tea',
  ...more,
]
const idIn = ({ out }: Said) => /^(\w{26}) is /.exec(out)?.[1] ?? assert.fail(out)

test('a message of options goes to everybody, with its files, and --watch waits for what the provider says', async () => {
  const file = join(folder, 'cake.txt')
  writeFileSync(file, 'sponge\n')
  const to = '"Lovelace, Ada" <ada@example.org>, b@example.org'
  const sent = await tributary(made(to, '--bcc', 'c@example.org', '--attach', file, '--watch'), 'At four?\n')
  assert.equal(sent.code, 0, sent.err)
  assert.match(sent.out, /^\w{26} is accepted\.\n {2}ada@example\.org: 250 [^\n]*\n {2}b@/)
  const mail = provider.mails.at(-1)
  assert.deepEqual(mail?.to, ['ada@example.org', 'b@example.org', 'c@example.org'])
  const text = String(mail?.bytes)
  assert.match(text, /^To: "Lovelace, Ada" <ada@example\.org>, b@example\.org\r$/m)
  assert.match(text, /At four\?\r\n/)
  assert.match(text, /filename=cake\.txt\r\n/)
  assert.doesNotMatch(text, /c@example\.org/)
  const shown = await tributary(['outbox', 'show', idIn(sent)])
  assert.match(shown.out, /^state +accepted$/m)
  assert.match(shown.out, /^c@example\.org +accepted +250 /m)
})

test('a whole message comes from a file or standard input, and a key says that it is the same one', async () => {
  const whole = 'From: me@example.net\nTo: a@example.org\nSubject: whole\n\nhello\n'
  const file = join(folder, 'whole.eml')
  writeFileSync(file, whole)
  const before = provider.mails.length
  const first = await tributary(['send', 'alice', file, '--key', 'k1'])
  assert.match(first.out, /^\w{26} is taken for a@example\.org\.$/m)
  assert.match(first.err, new RegExp(`tributary outbox show ${idIn(first)}`))
  const again = await tributary(['send', 'alice', '--key', 'k1'], whole)
  assert.equal(idIn(again), idIn(first))
  for (const words of [['send', 'alice', '--key', 'k1'], made('a@example.org', '--text', 'x', '--key', 'k1')]) {
    const other = await tributary(words, whole.replace('hello', 'another one'))
    assert.equal(other.code, 1, other.out)
    assert.match(other.err, /was sent with another message before/)
  }
  await until('it to arrive', () => provider.mails.length > before)
  assert.match(String(provider.mails.at(-1)?.bytes), /\r\nSubject: whole\r\n[^]*\r\nhello\r\n$/)
})

test('what waits is listed, and cancelled; a second time it says what it is', async () => {
  const sent = await tributary(made('a@example.org', '--text', 'later', '--at', '2h'))
  assert.match(sent.out, /It goes out in (?:1 h|2 h|119|120)/)
  const id = idIn(sent)
  assert.match((await tributary(['outbox', 'list', 'alice', '--state', 'queued'])).out, new RegExp(`^${id} `, 'm'))
  assert.match((await tributary(['outbox', 'show', id])).out, /^goes out +20/m)
  assert.match((await tributary(['outbox', 'cancel', id])).out, /^state +cancelled$/m)
  for (const verb of ['cancel', 'retry']) {
    const refused = await tributary(['outbox', verb, id])
    assert.equal(refused.code, 1)
    assert.match(refused.err, /is cancelled: nothing is sent of it any more/)
  }
})

test('what is refused is said, by the words and by the exit code', async () => {
  const rejected = await tributary(made('nobody@example.org', '--text', 'x', '--watch'))
  assert.equal(rejected.code, 4)
  assert.match(
    rejected.out,
    /is rejected\. .*refused one recipient or more\..*\n {2}nobody@example\.org: 550 5\.1\.1 nobody\n/,
  )
  for (const [words, code, sentence] of [
    [made('a@example.org', '--at', 'tomorrow'), 2, /It must be like 2026-11-24T08:30, 30min, 2h or 1d/],
    [made('nonsense', '--text', 'x'), 1, /must be an address such as ada@example\.org/],
    [made('a@example.org', '--attach', '/nowhere/x'), 2, /\/nowhere\/x cannot be read/],
    [['send', 'alice', '--to', 'a@example.org'], 2, /As which address\? Name it with --from/],
    [['send', 'alice', '--from', 'me@example.net'], 2, /To whom\? Name somebody with --to/],
    [['send', 'alice', 'x.eml', '--to', 'a@example.org'], 2, /Give one or the other/],
    [['send', 'alice', '--from', 'other@example.net', '--to', 'a@example.org'], 1, /none of this mailbox's accounts/],
    [['outbox', 'show', 'nonsense'], 1, /There is no message in the outbox nonsense/],
    [['outbox', 'list', 'nobody'], 1, /There is no destination nobody/],
  ] as const) {
    const { code: ended, err } = await tributary(words)
    assert.equal(ended, code, `${words.join(' ')}: ${err}`)
    assert.match(err, sentence)
  }
})

test('a token that is bound to a mailbox sends as its addresses alone, and sees its outbox alone', async () => {
  const other = await stack.destination('bob')
  await stack.account({ destinationId: other, address: 'bob@example.net', port: 20_001 })
  const { body } = await stack.call('POST', '/tokens', { name: 'printer', scopes: ['operate'], destinationId })
  const token = String(body['token'])
  const own = await tributary(made('a@example.org', '--text', 'x'), '', token)
  assert.equal(own.code, 0, own.err)
  for (const words of [
    ['send', 'alice', '--from', 'bob@example.net', '--to', 'a@example.org', '--text', 'x'],
    ['send', 'bob', '--from', 'bob@example.net', '--to', 'a@example.org', '--text', 'x'],
    ['send', other, '--from', 'bob@example.net', '--to', 'a@example.org', '--text', 'x'],
    ['outbox', 'list', other],
  ])
    assert.equal((await tributary(words, '', token)).code, 1, words.join(' '))
  const reading = await stack.call('POST', '/tokens', { name: 'reader', scopes: ['read'], destinationId })
  const refused = await tributary(made('a@example.org', '--text', 'x'), '', String(reading.body['token']))
  assert.equal(refused.code, 1)
  assert.match(refused.err, /operate/)
})
