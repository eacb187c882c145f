/** What follows a message that a worker has sent: one copy in Sent, or a report in the INBOX, and its body goes. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { keys } from '../../src/redis/key-names.ts'
import { bounceOf } from '../../src/send/bounce.ts'
import { type Outgoing, outgoingLetter, outgoingOf, quickSending } from '../support/outgoing.ts'
import { readFolder } from '../support/reader.ts'
import { honest } from '../support/sasl-server.ts'
import { type ScriptedSmtp, startScriptedSmtp } from '../support/scripted-smtp.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { untilTold } from '../support/until.ts'

/** As Microsoft's servers give them. */
const another = 'AM0PR01MB1234567890@AM0PR01MB1234.eurprd01.prod.outlook.com'

let stack: Stack
let outgoing: Outgoing
let server: ScriptedSmtp
let sender: { accountId: string; destinationId: string }
before(async () => {
  ;[stack, server] = await Promise.all([
    startStack(),
    startScriptedSmtp({
      auth: { mechanisms: ['PLAIN'], plays: honest() },
      dot: ({ to }) => (to.includes('renamed@example.org') ? `250 2.0.0 OK <${another}> [Hostname=x.y.z]` : undefined),
      acts: { RCPT: (line) => (line.includes('gone@') ? '550 5.1.1 No such user' : undefined) },
    }),
  ])
  outgoing = outgoingOf(stack)
  const destinationId = await stack.destination('alice')
  const smtp = { host: '127.0.0.1', port: server.port, tls: 'none' }
  sender = { destinationId, accountId: await stack.account({ destinationId, port: 20_001, smtp }) }
})
after(async () => {
  await stack.stop()
  await Promise.all([server.close(), outgoing.remove()])
})

const startSending = async () =>
  await stack.startWorker({ outbox: outgoing.folder, send: quickSending, followUpEveryMs: 100 })
const alice = async (folder: string) => await readFolder(stack.dovecot.imapPort, 'alice', 'wonder', folder)

async function untilBodyGone(id: string): Promise<void> {
  await untilTold('the body to go', async () => (await outgoing.files.octetsOf(id)) === undefined)
}

test('a message of our page stands in Sent as it went out, with its Bcc, and once though the worker was stopped meanwhile', async () => {
  const changes = { origin: 'api', bcc: 'Bcc: them@example.org\r\n' } as const
  const id = await outgoing.put({ ...sender, to: ['you@example.org', 'them@example.org'], changes })
  await startSending()
  await outgoing.until(id, ({ state }) => state === 'accepted')
  await stack.stopWorker(0)
  // Whoever had it in hand is gone.
  await outgoing.sendings.change(id, (entry) =>
    entry.copy.state === 'wanted' ? { ...entry, copy: { ...entry.copy, nextAtMs: 1 } } : undefined,
  )
  await startSending()
  const { copy } = await outgoing.until(id, (entry) => entry.copy.state === 'filed')
  await untilBodyGone(id)
  const [sent, ...more] = await alice('Sent')
  assert.deepEqual([more.length, copy.folder, copy.nextAtMs], [0, 'Sent', null])
  const text = sent?.bytes.toString('latin1') ?? ''
  assert.ok(sent?.flags.includes('\\Seen'))
  assert.equal(
    text.replace(/^X-Tributary-Id: [^\r]*\r\nBcc: them@example\.org\r\n/, ''),
    outgoingLetter('one').toString(),
  )
  const [mail] = server.mails
  assert.deepEqual(mail?.to, ['you@example.org', 'them@example.org'])
  assert.doesNotMatch(mail?.bytes.toString('latin1') ?? '', /Bcc/i)
})

test('a message that is refused is reported in the INBOX, and makes no copy in Sent', async () => {
  const copies = (await alice('Sent')).length
  const id = await outgoing.put({ ...sender, to: ['gone@example.org'], changes: { messageId: 'one@example.net' } })
  const entry = await outgoing.until(id, ({ report }) => report.state === 'filed')
  assert.equal(entry.state, 'rejected')
  await untilBodyGone(id)
  const [report, ...more] = await alice('INBOX')
  assert.equal(more.length, 0)
  const bounce = bounceOf(report?.bytes ?? Buffer.alloc(0))
  assert.deepEqual(bounce?.recipients, [
    { address: 'gone@example.org', originalAddress: null, status: '5.1.1', diagnostic: '550 5.1.1 No such user' },
  ])
  assert.equal(bounce?.messageIds[0], '<one@example.net>')
  assert.match(report?.bytes.toString() ?? '', /There is no such address/)
  assert.equal((await alice('Sent')).length, copies)
})

test('what has a null sender makes no report', async () => {
  const id = await outgoing.put({ ...sender, to: ['gone@example.org'], changes: { sender: '' } })
  const entry = await outgoing.until(id, ({ state }) => state === 'rejected')
  assert.equal(entry.report.state, 'none')
  assert.equal((await alice('INBOX')).length, 1)
})

test('a message is found by the Message-ID that its provider gave it, until its record goes', async () => {
  const { accountId, destinationId } = sender
  const id = await outgoing.put({ ...sender, to: ['renamed@example.org'], changes: { messageId: 'own@example.net' } })
  const entry = await outgoing.until(id, ({ state }) => state === 'accepted')
  assert.deepEqual([entry.messageId, entry.otherMessageIds], ['own@example.net', [another]])
  const { sendings } = outgoing
  for (const messageId of ['own@example.net', another])
    assert.equal((await sendings.byMessageId(accountId, messageId))?.id, id)
  // Another one of the same name does not take its place.
  const second = await outgoing.put({ ...sender, to: ['renamed@example.org'] })
  await outgoing.until(second, ({ state }) => state === 'accepted')
  assert.equal((await sendings.byMessageId(accountId, another))?.id, id)
  await stack.stopWorker()
  await sendings.forgetOf(destinationId)
  assert.deepEqual(await stack.redis.hkeys(keys.sendMessageIds), [])
})
