import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { runLimits } from '../../src/runs/limits.ts'
import type { AccountId, RunId } from '../../src/mail/message.ts'
import { keys } from '../../src/redis/key-names.ts'
import { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import { Recorder, transcriptOf } from '../../src/redis/transcripts.ts'
import type { Run } from '../../src/runs/run.ts'
import { Transcript } from '../../src/runs/transcript.ts'
import { type Behaviour, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { letter } from '../support/world.ts'

const secret = 'Tr0ub4dor &3/ü'
let stack: Stack
let destinationId: string
before(async () => {
  stack = await startStack()
  await stack.startWorker()
  destinationId = await stack.destination('alice')
})
after(async () => {
  await stack.stop()
})

interface Line {
  readonly at: string
  readonly side: string
  readonly text: string
}

let nth = 0
/** One run against a server of this behaviour. */
async function visit(behaviour: Behaviour, fields: object = {}): Promise<{ run: Run; text: string; lines: Line[] }> {
  const provider = await startPop3Server({ password: 'secret', ...behaviour })
  nth += 1
  const id = await stack.account({ port: provider.port, destinationId, folder: `Folder${nth}`, ...fields })
  const run = await stack.pull(id)
  await provider.close()
  const { body } = await stack.call('GET', `/runs/${run.id}/transcript`)
  const lines = body['lines'] as Line[]
  return { run, lines, text: lines.map((line) => `${line.side}: ${line.text}`).join('\n') }
}

test('a run tells what was said, in order and with times, and no line of any message', async () => {
  const bytes = letter('SUBJECT-OF-IT', { body: 'BODY-OF-IT' })
  const { run, lines, text } = await visit({ messages: [{ bytes, uidl: 'id-1' }] })
  assert.equal(run.stored, 1)
  assert.match(
    text,
    /^note: connecting to 127\.0\.0\.1:\d+\nserver: \+OK [^\n]*\nclient: CAPA\n(?:server: [^\n]+\n)+client: USER me\nserver: \+OK[^\n]*\nclient: PASS \*\*\*\nserver: \+OK/,
  )
  assert.match(
    text,
    new RegExp(`\nclient: RETR 1\n[^]*\nserver: \\+OK \\(${bytes.length} octets\\)\n[^]*\nclient: QUIT\n`),
  )
  assert.match(text, /\nserver: 1 id-1\n/)
  assert.doesNotMatch(text, /SUBJECT-OF-IT|BODY-OF-IT|example\.org/)
  assert.ok(lines.every(({ at }, index) => at >= (lines[index - 1]?.at ?? '')))
  assert.ok((await stack.redis.pttl(keys.transcript(run.accountId, run.id))) > 0)
})

test('a server that repeats the password is shown without it, however it spells it', async () => {
  const spelt = [secret, secret.toUpperCase(), Buffer.from(secret).toString('base64'), encodeURIComponent(secret)]
  const answers = { PASS: `-ERR no such password: ${spelt.join(', ')}\r\n` }
  const plain = Buffer.from(`\0echo\0${secret}`).toString('base64')
  for (const behaviour of [
    { messages: [], capabilities: ['USER', 'UTF8 USER'], answers },
    { messages: [], capabilities: ['SASL PLAIN'], answers: { AUTH: `-ERR ${plain} and ${spelt.join(', ')}\r\n` } },
  ]) {
    const { run, text } = await visit(
      { ...behaviour, password: secret },
      { password: secret, user: 'echo', address: `${nth}@example.net` },
    )
    assert.equal(run.state, 'failed')
    assert.match(text, /client: (?:PASS|AUTH PLAIN) \*\*\*\nserver: -ERR [^\n]*\*\*\*, \*\*\*, \*\*\*/)
    const kept = String(await stack.redis.get(keys.transcript(run.accountId, run.id)))
    for (const form of [...spelt, plain, Buffer.from(secret).toString('latin1'), 'Tr0ub4dor', 'TR0UB4DOR'])
      assert.ok(!kept.includes(form), form)
  }
})

test('what a server says is made printable, and what is long is cut after it was masked', async () => {
  const { text } = await visit(
    { messages: [], greeting: `+OK \u001b[31mred\u0007 ${'x'.repeat(runLimits.transcriptLineMax - 20)}secret` },
    { user: 'printable' },
  )
  assert.match(text, /\nserver: \+OK \?\[31mred\? x+/)
  assert.ok(text.split('\n').every((line) => line.length < runLimits.transcriptLineMax + 10))
  assert.doesNotMatch(text, /secre?t?/)
})

test('a line of a message that stands where an answer should is not shown', async () => {
  const bytes = Buffer.from('Message-ID: <a@b>\r\n\r\nfirst\r\n.\r\n+OK OF-THE-BODY\r\n+OK OF-THE-BODY\r\n')
  const messages = [{ bytes, uidl: 'a' }]
  const cut = await visit({ messages, unstuffed: true }, { user: 'unstuffed' })
  const answered = await visit({ messages, answers: { 'UIDL 1': '+OK OF-THE-BODY\r\n' } }, { user: 'answered' })
  // Where UIDL n tells nothing, LIST n is asked.
  assert.deepEqual([cut.run.state, answered.run.state], ['failed', 'done'])
  assert.match(cut.text, /\nnote: the session ends: broken protocol(?:\n|$)/)
  for (const { text } of [cut, answered]) assert.doesNotMatch(text, /OF-THE-BODY|first/)
  assert.match(answered.text, /server: \+OK, and not what was asked\n/)
})

test('a large maildrop is abbreviated: the beginning, the end, and that there was more', async () => {
  const messages = Array.from({ length: 1500 }, (_, index) => ({ bytes: letter(`many ${index}`), uidl: `id-${index}` }))
  const { run, text, lines } = await visit({ messages }, { user: 'many' })
  assert.equal(run.stored, 1500)
  assert.match(text, /\nserver: 3 id-2\nserver: \.\.\. 1,500 lines\n/)
  assert.equal(lines.at(-1)?.side, 'note')
  assert.ok(lines.some(({ text }) => text === 'QUIT'))
  assert.ok(lines.length > 2 * runLimits.transcriptLinesEach && lines.length < 3 * runLimits.transcriptLinesEach)
  assert.equal((await stack.call('GET', `/runs/${run.id}/transcript`)).body['truncated'], true)
})

test('a provider that cannot be reached, or falls silent, has left a word', async () => {
  const id = await stack.account({ port: 1, destinationId, user: 'nobody' })
  const run = await stack.pull(id)
  const lines = (await stack.call('GET', `/runs/${run.id}/transcript`)).body['lines'] as Line[]
  assert.deepEqual(
    lines.map(({ side }) => side),
    ['note', 'note'],
  )
  const { text } = await visit({ messages: [], dropOn: 'UIDL' }, { user: 'drops' })
  assert.match(text, /client: UIDL\nnote: the connection ended during UIDL$/)
})

test('the last ones of an account are kept, none where an admin wants none, and all go with it', async () => {
  const settings = new InstanceSettingsStore(stack.redis)
  await settings.change({ transcriptsKept: 2 })
  const provider = await startPop3Server({ messages: [], password: 'secret' })
  const id = (await stack.account({ port: provider.port, destinationId, user: 'kept' })) as AccountId
  const runs = [await stack.pull(id), await stack.pull(id), await stack.pull(id)]
  const there = async () =>
    await Promise.all(runs.map(async (run) => await stack.redis.exists(keys.transcript(id, run.id))))
  assert.deepEqual(await there(), [0, 1, 1])
  const { status, body } = await stack.call('GET', `/runs/${runs[0]?.id}/transcript`)
  assert.equal(status, 404)
  assert.match(String(body['detail']), /^No transcript of run .* is kept/)
  await settings.change({ transcriptsKept: 0 })
  const last = await stack.pull(id)
  assert.equal((await stack.call('GET', `/runs/${last.id}/transcript`)).status, 404)
  await stack.call('DELETE', `/accounts/${id}`)
  assert.deepEqual(await there(), [0, 0, 0])
  await provider.close()
})

test('of a run whose worker died there is what it had written, and who goes on adds to it', async () => {
  const run = { accountId: '01J0000000000000000000DEAD' as AccountId, id: '01J00000000000000000000RUN' as RunId }
  const first = await Recorder.of(stack.redis, run, 5)
  first?.transcript.sent('STAT', 'STAT')
  await first?.end()
  const second = await Recorder.of(stack.redis, run, 5)
  second?.transcript.sent('QUIT', 'QUIT')
  await second?.end()
  assert.deepEqual(
    (await transcriptOf(stack.redis, run))?.lines.map(([, , text]) => text),
    ['STAT', 'the worker died, and another one goes on', 'QUIT'],
  )
})

test('credentials are masked by their verb, too', () => {
  const transcript = new Transcript()
  const said = [
    ['PASS a b', 'PASS'],
    ['APOP me 0123456789abcdef', 'USER'],
    ['AUTH PLAIN AGEAYg==', { code: 'AUTH', mechanism: 'PLAIN' }],
    ['AUTH PLAIN', { code: 'AUTH', mechanism: 'PLAIN' }],
    ['AGEAYg==', { code: 'AUTH', mechanism: 'PLAIN' }],
    ['auth xoauth2 dXNlcj1', { code: 'AUTH', mechanism: 'XOAUTH2' }],
  ] as const
  for (const [line, during] of said) transcript.sent(line, during)
  assert.deepEqual(
    transcript.kept().lines.map(([, , text]) => text),
    ['PASS ***', 'APOP ***', 'AUTH PLAIN ***', 'AUTH PLAIN', '***', 'auth xoauth2 ***'],
  )
})
