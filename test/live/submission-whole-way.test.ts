/** A mail program sends, and the message comes to a stranger by the SMTP server of the account that it is from: byte for byte, and once. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { OutboxDesk } from '../../api/outbox-desk.ts'
import { type ServedSubmission, serveSubmission } from '../../api/submission/serve.ts'
import { freePorts } from '../support/ports.ts'
import { quickSending } from '../support/outgoing.ts'
import { honest } from '../support/sasl-server.ts'
import { type ScriptedSmtp, startScriptedSmtp } from '../support/scripted-smtp.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { plain, secureTalk } from '../support/submission.ts'
import { until } from '../support/until.ts'

let stack: Stack
let served: ServedSubmission | undefined
let providers: readonly ScriptedSmtp[]
let port = 0
before(async () => {
  stack = await startStack()
  providers = await Promise.all(
    [1, 2].map(async () => await startScriptedSmtp({ auth: { mechanisms: ['PLAIN'], plays: honest() } })),
  )
  ;[port = 0] = await freePorts(1)
  const submission = { host: '127.0.0.1', submissionsPort: port, submissionPort: 0 }
  const world = { ...stack.world, desk: new OutboxDesk(stack.world) }
  served = await serveSubmission({ submission, publicName: 'localhost' }, stack.dovecot.places, world)
})
after(async () => {
  await served?.stop()
  await stack.stop()
  await Promise.all(providers.map(async (provider) => await provider.close()))
})

test('each address goes out by its own provider, with its own login, and nobody sees the blind copy', async () => {
  const destinationId = await stack.destination('alice')
  for (const [nth, provider] of providers.entries()) {
    const smtp = { host: '127.0.0.1', port: provider.port, tls: 'none' }
    await stack.account({ destinationId, address: `me${nth}@example.net`, port: 20_000 + nth, smtp })
  }
  await stack.startWorker({ outbox: stack.world.outboxFiles.folder, send: quickSending })
  const talk = await secureTalk(port, readFileSync(stack.dovecot.places.certFile, 'utf8'))
  await talk.says(220)
  await talk.asks('EHLO client.example', 250)
  await talk.asks(`AUTH PLAIN ${plain('alice', 'wonder')}`, 235)
  const letter = (nth: number) =>
    `From: me${nth}@example.net\r\nDate: Mon, 30 Nov 2026 03:24:17 +0000\r\nMessage-ID: <${nth}@example.net>\r\n`
  for (const nth of providers.keys()) {
    // One address is all that some programs know of.
    await talk.asks('MAIL FROM:<me0@example.net>', 250)
    await talk.asks('RCPT TO:<you@example.org>', 250)
    await talk.asks('RCPT TO:<secret@example.org>', 250)
    await talk.asks('DATA', 354)
    talk.send(`${letter(nth)}Bcc: secret@example.org\r\n\r\n..dots\r\n.\r\n`)
    await talk.says(250)
  }
  talk.close()
  for (const [nth, provider] of providers.entries()) {
    await until('the message', () => provider.mails.length > 0)
    const [mail] = provider.mails
    assert.deepEqual([mail?.from, mail?.to], [`me${nth}@example.net`, ['you@example.org', 'secret@example.org']])
    assert.equal(mail?.bytes.toString('latin1'), `${letter(nth)}\r\n.dots\r\n`)
  }
  const { items } = (await stack.call('GET', `/destinations/${destinationId}/outbox`)).body
  await until('both to be accepted', async () => {
    const { body } = await stack.call('GET', `/destinations/${destinationId}/outbox`)
    return body.items.length === 2 && body.items.every((one) => one['state'] === 'accepted')
  })
  assert.equal(items.length, 2)
  assert.deepEqual(
    providers.map(({ mails }) => mails.length),
    [1, 1],
  )
})
