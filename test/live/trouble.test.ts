import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import type { FailureKind } from '../../src/failure/failure.ts'
import type { Run } from '../../src/runs/run.ts'
import { startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { freePorts } from '../support/ports.ts'
import { type Behaviour, type MaildropMessage, startPop3Server } from '../support/pop3-server.ts'
import { readFolder, withoutTrace } from '../support/reader.ts'
import { type Stack, startStack } from '../support/stack.ts'

const letter = (nth: number, body = `This is message ${nth}.\r\n`) =>
  Buffer.from(
    `Message-ID: <${nth}@example.org>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\nSubject: ${nth}\r\n\r\n${body}`,
  )
const letters = (count: number) => Array.from({ length: count }, (_, nth) => letter(nth + 1))
const many = letters(20_000)
// Lines of 76, as base64 has them.
const large = letter(1, `${'x'.repeat(74)}\r\n`.repeat((60 * 1024 * 1024) / 76))
const maildrop = letters(12).map((bytes): MaildropMessage => ({ bytes }))

let stack: Stack
let provider: TestDovecot
before(async () => {
  const users = { empty: 'secret', many: 'secret', large: 'secret', nothing: 'secret', few: 'secret' }
  const maildrops = {
    empty: [],
    many,
    large: [large, letter(2)],
    nothing: [letter(1), Buffer.alloc(0), letter(3)],
    few: letters(3),
  }
  ;[stack, provider] = await Promise.all([startStack(), startDovecot(users, maildrops)])
  await stack.startWorker()
})
after(async () => {
  await Promise.all([stack.stop(), provider.stop()])
})

/** For as long as the test lasts, a server that says nothing is given up soon. */
async function impatient(t: TestContext): Promise<void> {
  await stack.startWorker({ waits: { replyMs: 3000 } })
  t.after(async () => await stack.startWorker())
}

let logins = 0
/** An account that gathers into a login of its own. */
async function newAccount(fields: object): Promise<{ id: string; read: () => Promise<string[]> }> {
  const login = `login${(logins += 1)}`
  const destinationId = await stack.destination(login)
  const id = await stack.account({ ...fields, destinationId })
  const read = async () => {
    const stored = await readFolder(stack.dovecot.imapPort, login, 'wonder')
    return stored.map(({ bytes }) => withoutTrace(bytes).source.toString('latin1'))
  }
  return { id, read }
}

const texts = (messages: readonly (Buffer | MaildropMessage)[]) =>
  messages.map((message) => (Buffer.isBuffer(message) ? message : message.bytes).toString('latin1'))

function failsWith(run: Run, kind: FailureKind, sentence: RegExp): void {
  assert.equal(run.state, 'failed')
  assert.equal(run.failure?.kind, kind, run.failure?.message)
  assert.match(run.failure.message, sentence)
}

/** A server that errs as told, then the same one mended: the run says so, and every message arrives once. */
async function errs(behaviour: Omit<Behaviour, 'messages'>, kind: FailureKind, sentence: RegExp): Promise<Run> {
  const bad = await startPop3Server({ messages: maildrop, ...behaviour })
  const { id, read } = await newAccount({ port: bad.port })
  const run = await stack.pull(id)
  if (run.failure === null) {
    // One message failed, and the others came: the run is done.
    assert.deepEqual([run.deferred, run.stored], [1, maildrop.length - 1])
    assert.match(run.notices.join(), sentence)
  } else failsWith(run, kind, sentence)
  const stored = await read()
  assert.equal(stored.length, run.stored)
  assert.ok(
    stored.every((text) => texts(maildrop).includes(text)),
    'nothing but whole messages',
  )
  await bad.close()
  const mended = await startPop3Server({ messages: maildrop }, bad.port)
  const after = await stack.pull(id)
  assert.equal(after.failure, null)
  assert.deepEqual((await read()).toSorted(), texts(maildrop).toSorted())
  await mended.close()
  return run
}

test('a wrong password', async () => {
  const { id, read } = await newAccount({ port: provider.pop3Port, user: 'few', password: 'guess' })
  failsWith(
    await stack.pull(id),
    'credentials refused',
    /refused the user name or password: ".*Authentication failed.*". Check both/,
  )
  assert.equal((await stack.call('GET', `/accounts/${id}`)).body['status'], 'paused')
  await stack.call('PATCH', `/accounts/${id}`, { password: 'secret' })
  assert.equal((await stack.pull(id)).stored, 3)
  assert.equal((await read()).length, 3)
})

test('an unknown host', async () => {
  const { id } = await newAccount({ host: 'pop.example.invalid', port: 110 })
  failsWith(
    await stack.pull(id),
    'unreachable',
    /^Could not reach pop\.example\.invalid:110: .*name.*check the spelling of the host/,
  )
})

test('a refused connection', async () => {
  const [port = 0] = await freePorts(1)
  const { id } = await newAccount({ port })
  failsWith(await stack.pull(id), 'unreachable', /the connection was refused/)
})

test('a server that says nothing at all', async (t) => {
  await impatient(t)
  const silent = await startPop3Server({ messages: maildrop, greeting: null })
  const { id } = await newAccount({ port: silent.port })
  failsWith(await stack.pull(id), 'silent', /said nothing for 3 s during the greeting/)
  await silent.close()
})

test('a server that falls silent at a command', async (t) => {
  await impatient(t)
  await errs({ silentOn: 'RETR 5' }, 'silent', /said nothing for 3 s during RETR of message 5/)
})

test('a server that falls silent in mid-message', async (t) => {
  await impatient(t)
  await errs({ silentAfterOctets: 90 }, 'silent', /during RETR of message [12]\b/)
})

for (const pipelining of [true, false]) {
  const capabilities = ['USER', 'UIDL', 'TOP', ...(pipelining ? ['PIPELINING'] : [])]
  const how = pipelining ? 'pipelined' : 'one at a time'

  test(`a hang-up in mid-message (${how})`, async () => {
    const run = await errs({ capabilities, dropAfterOctets: 90 }, 'unreachable', /ended during RETR of message \d/)
    assert.equal(run.stored, 0)
  })

  test(`a hang-up between two messages (${how})`, async () => {
    await errs(
      { capabilities, dropOn: 'RETR 7' },
      'unreachable',
      /ended during RETR of message 7|dropped the connection/,
    )
  })

  test(`-ERR to one RETR among others (${how})`, async () => {
    const answers = { 'RETR 7': '-ERR [SYS/TEMP] message is being moved\r\n' }
    const run = await errs(
      { capabilities, answers },
      'provider refused',
      /refused RETR 7: "\[SYS\/TEMP\] message is being moved"/,
    )
    assert.equal(run.stored, 11, 'the others arrive at once')
  })
}

test('a server that cannot do with a pipeline is pulled in the same run, one thing at a time, and from then on', async (t) => {
  await impatient(t)
  const server = await startPop3Server({ messages: maildrop, dropsPipelined: true })
  const { id, read } = await newAccount({ port: server.port })
  const run = await stack.pull(id)
  assert.deepEqual([run.state, run.listed, run.stored, run.failure], ['done', 12, 12, null])
  assert.deepEqual((await read()).toSorted(), texts(maildrop).toSorted())
  assert.ok(server.pipelinedMax() > 1)
  const logins = () => server.commands.filter((line) => line.startsWith('PASS')).length
  assert.equal(logins(), 2)
  await stack.call('PATCH', `/accounts/${id}`, { retention: { mode: 'delete' } })
  const again = await stack.pull(id)
  assert.deepEqual([again.stored, again.deleted, again.failure, logins()], [0, 12, null, 3])
  await server.close()
})

test('a certificate that does not verify', async () => {
  const folder = mkdtempSync('/tmp/tributary-cert-')
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=localhost']
  execFileSync('openssl', [...request, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  rmSync(folder, { recursive: true })
  const server = await startPop3Server({ messages: maildrop, tls })
  const { id, read } = await newAccount({ host: 'localhost', port: server.port, tls: 'implicit' })
  failsWith(await stack.pull(id), 'tls', /No safe TLS connection to localhost:\d+: its certificate is signed by itself/)
  assert.deepEqual(server.commands, [], 'no password was sent')
  const trusted = await stack.call('PATCH', `/accounts/${id}`, { tlsVerify: false, password: 'secret' })
  assert.equal(trusted.status, 200)
  assert.equal((await stack.pull(id)).stored, 12)
  assert.equal((await read()).length, 12)
  await server.close()
})

test('a store that is stopped', async () => {
  const { id, read } = await newAccount({ port: provider.pop3Port, user: 'few' })
  await stack.dovecot.halt()
  failsWith(
    await stack.pull(id),
    'store unreachable',
    /The mail store could not be reached: .*refused.*No mail is lost/,
  )
  await stack.dovecot.resume()
  assert.equal((await stack.pull(id)).stored, 3)
  assert.deepEqual(await read(), texts(letters(3)))
})

test('an empty maildrop', async () => {
  const { id } = await newAccount({ port: provider.pop3Port, user: 'empty' })
  const run = await stack.pull(id)
  assert.deepEqual([run.state, run.listed, run.stored, run.failure], ['done', 0, 0, null])
})

test('a message of no octets, between two others', async () => {
  const fromDovecot = await newAccount({ port: provider.pop3Port, user: 'nothing' })
  const run = await stack.pull(fromDovecot.id)
  assert.deepEqual([run.listed, run.stored, run.failure], [3, 3, null])
  // Dovecot sends one empty line for it.
  assert.deepEqual(await fromDovecot.read(), [letter(1).toString(), '\r\n', letter(3).toString()])
  assert.equal((await stack.pull(fromDovecot.id)).stored, 0)

  const messages = [letter(1), Buffer.alloc(0), letter(3)].map((bytes) => ({ bytes }))
  const server = await startPop3Server({ messages })
  const { id, read } = await newAccount({ port: server.port })
  assert.deepEqual([(await stack.pull(id)).stored, (await stack.pull(id)).stored], [3, 0])
  assert.deepEqual(await read(), texts(messages))
  await server.close()
})

test('a message of 60 MB', async () => {
  const { id, read } = await newAccount({ port: provider.pop3Port, user: 'large' })
  const run = await stack.pull(id, 120)
  assert.deepEqual([run.listed, run.stored, run.failure], [2, 2, null])
  const digests = (all: readonly string[]) =>
    all.map((text) => createHash('sha256').update(text, 'latin1').digest('hex'))
  // Small ones come first.
  assert.deepEqual(digests(await read()), digests(texts([letter(2), large])))
})

test('20,000 messages', async () => {
  const { id, read } = await newAccount({ port: provider.pop3Port, user: 'many', retention: { mode: 'delete' } })
  const run = await stack.pull(id, 300)
  assert.deepEqual([run.listed, run.stored, run.deleted, run.failure], [20_000, 20_000, 20_000, null])
  // The newest come first.
  assert.deepEqual((await read()).toSorted(), texts(many).toSorted())
  const again = await stack.pull(id, 300)
  assert.deepEqual([again.listed, again.stored, again.failure], [0, 0, null])
})
