/** Mail that a provider shows although we have sent it goes into Sent, and what comes back of it is noted with it; a visit that finds nothing asks nothing. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { messageDigest } from '../../src/mail/octets.ts'
import { Sendings } from '../../src/redis/outbox.ts'
import type { OutboxEntry } from '../../src/send/entry.ts'
import { notice, report } from '../support/bounces.ts'
import { startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { entryOf } from '../support/entries.ts'
import { readFolder, withoutTrace } from '../support/reader.ts'
import { startStack, type Stack } from '../support/stack.ts'

const crlf = (text: string) => Buffer.from(text.replaceAll('\n', '\r\n'))
const messageOf = (nth: number, to: string, above = '') =>
  crlf(
    `${above}Message-ID: <${nth}@example.net>\nDate: Mon, 30 Nov 2026 10:00:00 +0000\nFrom: me@example.net\nTo: ${to}\nSubject: ${nth}\n\nThe ${nth}th.\n`,
  )
const delivered = 'Return-Path: <me@example.net>\nReceived: from mx by mx; Mon, 30 Nov 2026 10:00:01 +0000\n'
const id = (nth: number) => `Message-ID: <${nth}@example.net>\nSubject: ${nth}`

const mail = {
  sent: messageOf(1, 'ann@example.org'),
  'a copy of what was sent that came by a list': messageOf(2, 'list@example.org', delivered),
  'mail to oneself': messageOf(3, 'me@example.net'),
  'another under the same Message-ID': Buffer.from(
    messageOf(4, 'ann@example.org').toString('latin1').replace('The 4th', 'Buy this'),
    'latin1',
  ),
  'a bounce by RFC 3464': crlf(
    report({
      recipient:
        'Final-Recipient: rfc822; 0@example.org\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 unknown',
      returned: id(5),
    }),
  ),
  'a bounce of qmail’s': crlf(
    notice({
      from: 'MAILER-DAEMON@mx.example.com',
      subject: 'failure notice',
      text: `Hi. This is the qmail-send program.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n\n<0@example.org>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n${id(6)}\n`,
    }),
  ),
  'a forged bounce of what nobody sent': crlf(report({ returned: 'Message-ID: <nobody@example.net>' })),
  'a delay': crlf(
    report({ recipient: 'Final-Recipient: rfc822; 0@example.org\nAction: delayed\nStatus: 4.4.1', returned: id(7) }),
  ),
}

let stack: Stack
let provider: TestDovecot
let sendings: Sendings
let accountId: string
let destinationId: string
const ids = new Map<number, string>()
before(async () => {
  ;[stack, provider] = await Promise.all([startStack(), startDovecot({ me: 'secret' }, { me: Object.values(mail) })])
  sendings = new Sendings(stack.redis)
  destinationId = await stack.destination('alice')
  accountId = await stack.account({ port: provider.pop3Port, destinationId, address: 'me@example.net' })
  for (const nth of [1, 2, 3, 4, 5, 6, 7]) {
    const bytes = messageOf(nth, nth === 3 ? 'me@example.net' : nth === 2 ? 'list@example.org' : 'ann@example.org')
    const digest = await messageDigest(bytes)
    const made = entryOf(['queued'], {
      destinationId,
      accountId,
      digest,
      messageId: `${nth}@example.net`,
      createdAtMs: Date.now(),
    })
    await sendings.create(made, undefined)
    ids.set(nth, made.id)
    await sendings.change(made.id, (entry) => ({
      ...entry,
      state: 'accepted',
      nextAttemptAtMs: null,
      endedAtMs: Date.now(),
      recipients: entry.recipients.map((one) => ({
        ...one,
        state: 'accepted',
        address: nth === 3 ? 'me@example.net' : one.address,
      })),
      copy: { ...entry.copy, state: 'filed', folder: 'Sent', token: '0', nextAtMs: null },
    }))
  }
  await stack.startWorker()
})
after(async () => {
  await Promise.all([stack.stop(), provider.stop()])
})

const entry = async (nth: number): Promise<OutboxEntry> => (await sendings.get(ids.get(nth) ?? '')) ?? assert.fail()
const textsIn = async (folder: string) =>
  (await readFolder(stack.dovecot.imapPort, 'alice', 'wonder', folder)).map(({ bytes, flags }) => ({
    text: withoutTrace(bytes).source.toString('latin1'),
    isSeen: flags.includes('\\Seen'),
  }))

test('what was sent is filed in Sent, and all else where mail goes; bounces are noted with what they mean, and change nothing', async () => {
  const run = await stack.pull(accountId)
  assert.deepEqual([run.failure, run.stored], [null, 8])
  const { sent, ...others } = mail
  assert.deepEqual(await textsIn('Sent'), [{ text: sent.toString('latin1'), isSeen: true }])
  const inbox = await textsIn('INBOX')
  assert.deepEqual(
    inbox.map(({ text }) => text).toSorted(),
    Object.values(others)
      .map((bytes) => bytes.toString('latin1'))
      .toSorted(),
  )
  assert.ok(inbox.every(({ isSeen }) => !isSeen))

  assert.ok(((await entry(1)).copy.nextAtMs ?? 0) > 0, 'ours is looked after at once')
  for (const [nth, diagnostic] of [
    [5, '550 5.1.1 unknown'],
    [6, 'Sorry, no mailbox here by that name. (#5.1.1)'],
  ] as const) {
    const { bounces, state } = await entry(nth)
    assert.equal(state, 'accepted')
    assert.deepEqual(
      bounces.map((bounce) => [bounce.address, bounce.status, bounce.diagnostic, bounce.folder, (bounce.uid ?? 0) > 0]),
      [['0@example.org', '5.1.1', diagnostic, 'INBOX', true]],
    )
  }
  for (const nth of [1, 2, 3, 4, 7]) assert.deepEqual((await entry(nth)).bounces, [], `${nth}`)
})

test('the next visit finds nothing, and nothing is filed or noted again', async () => {
  const run = await stack.pull(accountId)
  assert.deepEqual([run.failure, run.stored], [null, 0])
  assert.equal((await textsIn('Sent')).length, 1)
  assert.equal((await entry(5)).bounces.length, 1)
})
