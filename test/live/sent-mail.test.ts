/** Mail that a provider shows although we have sent it goes into Sent, and what comes back of it is noted with it; a visit that finds nothing asks nothing. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { childIdentity, handOver } from '../../deploy/identity.ts'
import { messageDigest } from '../../src/mail/octets.ts'
import { Sendings } from '../../src/redis/outbox.ts'
import type { OutboxEntry } from '../../src/send/entry.ts'
import { notice, report } from '../support/bounces.ts'
import { untilDoomed } from '../support/doomed.ts'
import { fillMaildir, startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { entryOf } from '../support/entries.ts'
import { readFolder, withoutTrace } from '../support/reader.ts'
import { startStack, type Stack } from '../support/stack.ts'
import { untilTold } from '../support/until.ts'

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
    ids.set(nth, await putSent(nth, bytes, accountId, destinationId))
  }
  await stack.startWorker()
})
after(async () => {
  await Promise.all([stack.stop(), provider.stop()])
})

/** What was sent, and whose copy was filed. */
async function putSent(nth: number, bytes: Buffer, ofAccount: string, ofDestination: string): Promise<string> {
  const nowMs = Date.now()
  const digest = await messageDigest(bytes)
  const sender = { accountId: ofAccount, destinationId: ofDestination }
  const made = entryOf(['queued'], { ...sender, digest, messageId: `${nth}@example.net`, createdAtMs: nowMs })
  await sendings.create(made, undefined)
  await sendings.change(made.id, (entry) => ({
    ...entry,
    state: 'accepted',
    nextAttemptAtMs: null,
    endedAtMs: nowMs,
    recipients: entry.recipients.map((one) => ({
      ...one,
      state: 'accepted',
      address: nth === 3 ? 'me@example.net' : one.address,
    })),
    copy: { ...entry.copy, state: 'filed', folder: 'Sent', token: '0', nextAtMs: null },
  }))
  return made.id
}

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

/** The bounce comes first, and then what was sent. */
const deaths = ['after append', 'after record', 'before deliver', 'after deliver'].flatMap((at) => [
  `${at} 1`,
  `${at} 2`,
])

test('wherever a worker is killed, what was sent stands in Sent and its bounce is noted, once each', async () => {
  await stack.stopWorker(0)
  const cases = await Promise.all(
    deaths.map(async (place, number) => {
      const nth = 10 + number
      const owner = `killed${nth}`
      const sent = messageOf(nth, 'ann@example.org')
      const recipient = 'Final-Recipient: rfc822; 0@example.org\nAction: failed\nStatus: 5.1.1'
      const back = crlf(report({ recipient, returned: id(nth) }))
      fillMaildir(join(provider.places.mailFolder, owner, 'Maildir'), [back, sent])
      handOver(join(provider.places.mailFolder, owner), childIdentity([]))
      provider.addUser(owner, 'secret')
      const destination = await stack.destination(owner)
      const fields = { port: provider.pop3Port, user: owner, address: 'me@example.net' }
      const account = await stack.account({ ...fields, destinationId: destination })
      return { place, owner, sent, back, account, entryId: await putSent(nth, sent, account, destination) }
    }),
  )
  for (const { owner } of cases.slice(-1))
    await untilTold('the provider to know its logins', async () => await readFolder(provider.imapPort, owner, 'secret'))
  for (const { account } of cases) assert.equal((await stack.call('POST', `/accounts/${account}/pull`)).status, 202)
  const { server, dovecot, secretKey } = stack
  const world = { redisUrl: server.url, store: dovecot.store, secretKey: secretKey.toString('hex'), leaseMs: 1500 }
  const places = Object.fromEntries(cases.map(({ account, place }) => [account, place]))
  assert.equal(await untilDoomed({ ...world, places, windowMessages: 1 }), 'SIGKILL')

  await stack.startWorker({ leaseMs: 1500, jobLockMs: 1500 })
  for (const { place, owner, sent, back, account, entryId } of cases) {
    await stack.pull(account)
    const textsOf = async (folder: string) =>
      (await readFolder(dovecot.imapPort, owner, 'wonder', folder)).map(({ bytes }) =>
        withoutTrace(bytes).source.toString('latin1'),
      )
    assert.deepEqual(await textsOf('Sent'), [sent.toString('latin1')], place)
    assert.deepEqual(await textsOf('INBOX'), [back.toString('latin1')], place)
    const { bounces, copy } = (await sendings.get(entryId)) ?? assert.fail()
    const noted = bounces.map(({ address, status }) => [address, status])
    assert.deepEqual(noted, [['0@example.org', '5.1.1']], place)
    assert.ok((copy.nextAtMs ?? 0) > 0, `ours is looked after, ${place}`)
  }
})
