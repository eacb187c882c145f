/** Never an open relay, in any state of the rest: what is away or being changed is answered by 4xx, and nothing is taken for it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { OutboxDesk } from '../../api/outbox-desk.ts'
import { type ServedSubmission, serveSubmission } from '../../api/submission/serve.ts'
import { carrying, restoring } from '../../src/redis/format/mark.ts'
import { keys } from '../../src/redis/key-names.ts'
import { freePorts } from '../support/ports.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { plain, secureTalk, type SmtpTalk } from '../support/submission.ts'
import { until } from '../support/until.ts'

let stack: Stack
let served: ServedSubmission | undefined
let alice: string
let port = 0
let cert = ''
before(async () => {
  stack = await startStack()
  alice = await stack.destination('alice')
  await stack.account({ destinationId: alice, smtp: { host: 'smtp.example.net' } })
  ;[port = 0] = await freePorts(1)
  const { certFile, keyFile } = stack.dovecot.places
  cert = readFileSync(certFile, 'utf8')
  const submission = { host: '127.0.0.1', submissionsPort: port, submissionPort: 0 }
  const world = { ...stack.world, desk: new OutboxDesk(stack.world) }
  served = await serveSubmission({ submission, publicName: 'localhost' }, { certFile, keyFile }, world)
})
after(async () => {
  await served?.stop()
  await stack.stop()
})

const own = 'From: me@example.net\r\n\r\nhello\r\n.\r\n'

async function greeted(): Promise<SmtpTalk> {
  const talk = await secureTalk(port, cert)
  await talk.says(220)
  await talk.asks('EHLO client.example', 250)
  return talk
}

async function loggedIn(user = 'alice', password = 'wonder'): Promise<SmtpTalk> {
  const talk = await greeted()
  await talk.asks(`AUTH PLAIN ${plain(user, password)}`, 235)
  return talk
}

/** At each of these points of its session a client stands when something happens. */
const points: Readonly<Record<string, (talk: SmtpTalk) => Promise<void>>> = {
  greeted: async () => {},
  'logged in': async (talk) => void (await talk.asks(`AUTH PLAIN ${plain('alice', 'wonder')}`, 235)),
  'with a sender': async (talk) => {
    await points['logged in']?.(talk)
    await talk.asks('MAIL FROM:<me@example.net>', 250)
  },
  'with a recipient': async (talk) => {
    await points['with a sender']?.(talk)
    await talk.asks('RCPT TO:<you@example.org>', 250)
  },
}

async function clients(): Promise<Record<string, SmtpTalk>> {
  const all = Object.entries(points).map(async ([point, comes]) => {
    const talk = await greeted()
    await comes(talk)
    return [point, talk] as const
  })
  return Object.fromEntries(await Promise.all(all))
}

/** Says all that is left, as somebody who does not wait for answers, and gives what was answered to it until the server hangs up. */
async function goesOn(point: string, talk: SmtpTalk): Promise<string[]> {
  const [all, said] = [['greeted', 'logged in', 'with a sender', 'with a recipient'], [] as string[]]
  const lines = [
    `AUTH PLAIN ${plain('alice', 'wonder')}`,
    'MAIL FROM:<me@example.net>',
    'RCPT TO:<you@example.org>',
    'DATA',
  ].slice(all.indexOf(point))
  for (const line of lines) {
    talk.send(`${line}\r\n`)
    const reply = await talk.reply()
    said.push(reply)
    if (!reply.startsWith('354')) continue
    talk.send(own)
    said.push(await talk.reply())
  }
  talk.close()
  return said
}

const taken = async () => (await stack.call('GET', `/destinations/${alice}/outbox`)).body.items.length

/** The first answer that is about what is away is a 4xx, and no message is taken. */
async function assertPutOff(waiting: Record<string, SmtpTalk>): Promise<void> {
  const answers = Object.entries(waiting).map(async ([point, talk]) => [point, await goesOn(point, talk)] as const)
  for (const [point, said] of await Promise.all(answers)) {
    const told = said.join('')
    // RCPT alone asks for nothing that is away.
    const [first = ''] = said.filter((reply) => !/^(?:250 2\.1\.5|354)/.test(reply))
    assert.match(first, /^4\d\d 4\./, `${point}: ${told}`)
    assert.doesNotMatch(told, /^235|^250 2\.6\.0/m, `${point}: ${told}`)
  }
}

test('while Redis is away clients at every point of a session are put off, and the next one is taken', async () => {
  const waiting = await clients()
  await stack.server.halt('SIGKILL')
  try {
    await assertPutOff({ ...waiting, greeted: await greeted() })
  } finally {
    await stack.server.resume()
  }
  await until('Redis to answer', async () => (await stack.call('GET', '/destinations')).status === 200)
  assert.equal(await taken(), 0)
  const talk = await loggedIn()
  assert.match((await goesOn('logged in', talk)).join(''), /^250 2\.6\.0 Taken/m)
})

for (const [what, mark] of [
  ['a backup is being put back', restoring],
  ['the data are being carried over', carrying(1, 2)],
] as const)
  test(`while ${what} clients at every point of a session are put off`, async () => {
    const before = await taken()
    const waiting = await clients()
    const settled = await stack.redis.hget(keys.format, 'number')
    await stack.redis.hset(keys.format, 'number', mark)
    try {
      await assertPutOff(waiting)
    } finally {
      if (settled === null) await stack.redis.hdel(keys.format, 'number')
      else await stack.redis.hset(keys.format, 'number', settled)
    }
    assert.equal(await taken(), before)
  })

test('with a token that has expired, or was revoked, nobody comes in, and who is in goes', async () => {
  const before = await taken()
  const { body } = await stack.call('POST', '/tokens', { name: 'printer', scopes: ['operate'], destinationId: alice })
  const token = String(body['token'])
  const [early, late] = [await loggedIn('alice', token), await loggedIn('alice', token)]
  await late.asks('MAIL FROM:<me@example.net>', 250)
  await late.asks('RCPT TO:<you@example.org>', 250)
  const record = JSON.parse((await stack.redis.hget(keys.tokens, body.id)) ?? '{}') as object
  await stack.redis.hset(keys.tokens, body.id, JSON.stringify({ ...record, expiresAtMs: Date.now() - 1 }))
  assert.match(await early.asks('MAIL FROM:<me@example.net>', 421), /^421 4\.7\.0/)
  await late.asks('DATA', 354)
  late.send(own)
  assert.match(await late.says(421), /^421 4\.7\.0/)
  const talk = await greeted()
  await talk.asks(`AUTH PLAIN ${plain('alice', token)}`, 535)
  await talk.asks('MAIL FROM:<me@example.net>', 530)
  talk.close()
  assert.equal(await taken(), before)
})

test('a mailbox that is removed takes its clients along', async () => {
  const bob = await stack.destination('bob')
  await stack.account({
    destinationId: bob,
    address: 'bob@example.net',
    user: 'bob',
    smtp: { host: 'smtp.example.net' },
  })
  const talk = await loggedIn('bob')
  await talk.asks('MAIL FROM:<bob@example.net>', 250)
  await talk.asks('RCPT TO:<you@example.org>', 250)
  for (const { id } of (await stack.call('GET', `/accounts?destinationId=${bob}`)).body.items)
    assert.equal((await stack.call('DELETE', `/accounts/${String(id)}`)).status, 204)
  const removed = await stack.call('DELETE', `/destinations/${bob}?purge=true`)
  assert.equal(removed.status, 204, JSON.stringify(removed.body))
  await talk.asks('DATA', 354)
  talk.send('From: bob@example.net\r\n\r\nhello\r\n.\r\n')
  await talk.says(421)
  const next = await greeted()
  await next.asks(`AUTH PLAIN ${plain('bob', 'wonder')}`, 535)
  next.close()
})

test('when the API stops nobody is taken for somebody', async () => {
  const waiting = await clients()
  await served?.stop()
  served = undefined
  for (const talk of Object.values(waiting)) {
    await talk.says(421)
    await talk.closed()
  }
  await assert.rejects(secureTalk(port, cert))
})
