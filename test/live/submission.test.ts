/** Mail programs send with the login of a mailbox, hosted or elsewhere: what is answered with 250 is on the disk and in the outbox. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { OutboxDesk } from '../../api/outbox-desk.ts'
import { type ServedSubmission, serveSubmission } from '../../api/submission/serve.ts'
import { freePorts } from '../support/ports.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { plain, secureTalk, type SmtpTalk } from '../support/submission.ts'
import { prolongWaits } from '../support/throttle.ts'

let stack: Stack
let served: ServedSubmission | undefined
let alice: string
let port = 0
let cert = ''
before(async () => {
  stack = await startStack()
  alice = await stack.destination('alice')
  await stack.account({ destinationId: alice, address: 'me@example.net', smtp: { host: 'smtp.example.net' } })
  await stack.account({ destinationId: alice, address: 'silent@example.net', user: 'silent', smtp: false })
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

async function greeted(from = '127.0.0.1'): Promise<SmtpTalk> {
  const talk = await secureTalk(port, cert, from)
  await talk.says(220)
  await talk.asks('EHLO client.example', 250)
  return talk
}

async function tries(user: string, password: string, from?: string): Promise<string> {
  const talk = await greeted(from)
  talk.send(`AUTH PLAIN ${plain(user, password)}\r\n`)
  const reply = await talk.reply()
  talk.close()
  return reply
}

async function sends(talk: SmtpTalk, message: string, to = 'you@example.org'): Promise<string> {
  await talk.asks('MAIL FROM:<me@example.net>', 250)
  await talk.asks(`RCPT TO:<${to}>`, 250)
  await talk.asks('DATA', 354)
  talk.send(message)
  return await talk.reply()
}

const message = 'From: Me <ME@example.net>\r\nSubject: Tea\r\nBcc: secret@example.org\r\n\r\n..At four?\r\n.\r\n'
const outbox = async (id: string) => (await stack.call('GET', `/destinations/${id}/outbox`)).body.items

test('what is answered with 250 is on the disk and in the outbox, and a repeat gets the first answer', async () => {
  const talk = await greeted()
  await talk.asks(`AUTH PLAIN ${plain('Alice', 'wonder')}`, 235)
  const first = await sends(talk, message)
  assert.match(first, /^250 2\.6\.0 Taken as [0-9A-Z]{26}\r\n$/)
  const id = first.slice(-28, -2)
  const again = await greeted()
  await again.asks(`AUTH LOGIN ${Buffer.from('alice').toString('base64')}`, 334)
  await again.asks(Buffer.from('wonder').toString('base64'), 235)
  assert.match(await sends(again, message), new RegExp(`^250 2\\.6\\.0 It was taken before, as ${id}`))
  assert.match(await sends(again, message, 'else@example.org'), /^250 2\.6\.0 Taken as /)
  const items = await outbox(alice)
  assert.equal(items.length, 2)
  const folder = join(stack.server.folder, 'outbox')
  const bytes = readFileSync(join(folder, id), 'latin1')
  assert.match(
    bytes,
    /^Date: [^\r]*\r\nMessage-ID: <[\w-]+@example\.net>\r\nFrom: Me <ME@example\.net>\r\nSubject: Tea\r\n\r\n\.At four\?\r\n$/,
  )
  const entry = await stack.world.sendings.get(id)
  assert.deepEqual(
    [entry?.login, entry?.bcc, entry?.identity, entry?.state],
    ['alice', 'Bcc: secret@example.org\r\n', 'me@example.net', 'queued'],
  )
  const files = readdirSync(folder).filter((name) => /^[0-9A-Z]{26}/.test(name))
  assert.deepEqual(new Set(files), new Set(items.map((one) => one['id'])))
  assert.match(
    await talk.asks('MAIL FROM:<silent@example.net>', 550),
    /the account of silent@example\.net sends nothing: give it the SMTP server/,
  )
  talk.close()
  again.close()
})

test('more than an account may send in an hour is put off, with the time', async () => {
  const id = await stack.destination('busy')
  const smtp = { host: 'smtp.example.net' }
  await stack.account({ destinationId: id, address: 'busy@example.net', user: 'busy', smtp, sendLimit: { perHour: 1 } })
  const talk = await greeted('127.0.0.6')
  await talk.asks(`AUTH PLAIN ${plain('busy', 'wonder')}`, 235)
  for (const answer of [
    /^250 /,
    /^452 4\.7\.1 busy@example\.net sends 1 messages an hour, and 1 wait; try again at \d\d:\d\d UTC/,
  ]) {
    await talk.asks('MAIL FROM:<busy@example.net>', 250)
    await talk.asks('RCPT TO:<you@example.org>', 250)
    await talk.asks('DATA', 354)
    talk.send(`From: busy@example.net\r\nSubject: ${String(answer)}\r\n\r\n.\r\n`)
    assert.match(await talk.reply(), answer)
  }
  talk.close()
})

test('a mailbox elsewhere sends with its own login, or a token that is bound to it', async () => {
  const made = await stack.world.destinations.create({
    destination: {
      id: '01JDZZZZZZZZZZZZZZZZZZZZZZ' as never,
      kind: 'imap',
      host: 'imap.example.com',
      port: 993,
      user: 'Far@example.com',
      tls: 'implicit',
      tlsVerify: true,
      tlsFingerprint: null,
      createdAtMs: 1,
    },
    passwordHash: null,
    sealedPassword: stack.world.seal.seal('far away', '01JDZZZZZZZZZZZZZZZZZZZZZZ', 'password'),
  })
  assert.equal(made, 'done')
  const far = '01JDZZZZZZZZZZZZZZZZZZZZZZ'
  assert.match(await tries('far@example.com', 'far away', '127.0.0.2'), /^235/)
  assert.match(await tries('far@example.com', 'wonder', '127.0.0.2'), /^535 5\.7\.8/)
  const tokenOf = async (destinationId: string | null, scopes: readonly string[]) =>
    String((await stack.call('POST', '/tokens', { name: 'mail', scopes, destinationId })).body['token'])
  assert.match(await tries('far@example.com', await tokenOf(far, ['operate']), '127.0.0.2'), /^235/)
  assert.match(await tries('alice', await tokenOf(alice, ['operate']), '127.0.0.2'), /^235/)
  // Of another mailbox, for reading alone, for all: no.
  for (const token of [await tokenOf(alice, ['operate']), await tokenOf(far, ['read']), await tokenOf(null, ['admin'])])
    assert.match(await tries('far@example.com', token, '127.0.0.2'), /^535/)
})

test('guesses are counted with those at the mail ports, and a token goes on', async () => {
  await stack.destination('guessed', 'right one')
  const answers: string[] = []
  for (let nth = 0; nth < 5; nth += 1) answers.push(await tries('guessed', `wrong ${nth}`, `127.0.0.${nth + 10}`))
  assert.ok(
    answers.every((answer) => answer.startsWith('535')),
    answers.join(''),
  )
  await prolongWaits(stack)
  assert.match(
    await tries('guessed', 'wrong 5', '127.0.0.15'),
    /^454 4\.7\.0 Too many attempts have failed; try again in \d+ s/,
  )
  assert.match(await tries('guessed', 'right one', '127.0.0.30'), /^454/)
  const waitMs = await stack.world.guesses.attempt({ login: 'guessed', from: '127.0.0.40' })
  assert.ok(waitMs > 0, 'the dashboard has to wait as well')
  const refused = stack.logged.filter((line) => line.includes('"event":"login refused"'))
  assert.ok(refused.length >= 5)
  assert.ok(!refused.some((line) => /guessed|wrong/.test(line)))
})

test('a login ends with its password, and with its mailbox', async () => {
  const id = await stack.destination('passing', 'before')
  await stack.account({ destinationId: id, address: 'passing@example.net', smtp: { host: 'smtp.example.net' } })
  const login = async (password: string) => {
    const talk = await greeted('127.0.0.5')
    await talk.asks(`AUTH PLAIN ${plain('passing', password)}`, 235)
    return talk
  }
  const talk = await login('before')
  await talk.asks('MAIL FROM:<passing@example.net>', 250)
  await talk.asks('RSET', 250)
  assert.equal((await stack.call('PATCH', `/destinations/${id}`, { password: 'after' })).status, 200)
  await talk.asks('MAIL FROM:<passing@example.net>', 421)
  const other = await login('after')
  await other.asks('MAIL FROM:<passing@example.net>', 250)
  await other.asks('RCPT TO:<you@example.org>', 250)
  await other.asks('DATA', 354)
  const { items } = (await stack.call('GET', `/accounts?destinationId=${id}`)).body
  for (const account of items) await stack.call('DELETE', `/accounts/${String(account['id'])}`)
  assert.equal((await stack.call('DELETE', `/destinations/${id}?purge=true`)).status, 204)
  other.send('From: passing@example.net\r\n\r\n.\r\n')
  assert.match(await other.reply(), /^(?:421 4\.7\.0|550 5\.7\.1)/)
  assert.match(await tries('passing', 'after', '127.0.0.5'), /^535/)
})
