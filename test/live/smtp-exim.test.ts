/** Debian's Exim as a provider: what is sent arrives byte for byte, over each kind of TLS, and a large message is streamed. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import type { SmtpLogin } from '../../src/smtp/login-options.ts'
import { send, type SmtpEnvelope } from '../../src/smtp/send.ts'
import { SmtpSession } from '../../src/smtp/session.ts'
import { startExim } from '../support/exim.ts'
import type { SmtpProvider } from '../support/smtp-provider.ts'
import { untilTold } from '../support/until.ts'

let exim: SmtpProvider
before(async () => {
  exim = await startExim()
})
after(async () => await exim.stop())

const loginAt = (tls: SmtpLogin['tls'], more: Partial<SmtpLogin> = {}): SmtpLogin => ({
  host: 'localhost',
  port: tls === 'implicit' ? exim.tlsPort : exim.port,
  tls,
  tlsVerify: true,
  tlsFingerprint: null,
  user: 'me',
  password: 'secret',
  ca: exim.ca,
  ...more,
})
const gate = { enveloped: async () => {}, beforeDot: async () => {} }
const envelopeOf = (octets: number, ...to: readonly string[]): SmtpEnvelope => ({
  from: 'me@example.net',
  recipients: to.map((address) => ({ address })),
  octets,
  utf8: false,
  eightBit: true,
  dsn: { ret: 'HDRS', envid: 'one+two' },
})

/** The mail with this subject, without the lines in front of it that Exim has added. */
async function arrived(subject: string): Promise<string> {
  return await untilTold(`${subject} to arrive`, async () => {
    const mail = exim.mails().find((bytes) => bytes.includes(`Subject: ${subject}\n`))
    return mail?.toString('latin1').replace(/^[\s\S]*?(?=^Subject: )/m, '')
  })
}

for (const tls of ['starttls', 'implicit'] as const) {
  test(`a message arrives byte for byte (${tls})`, async () => {
    const letter = `Subject: ${tls}\r\nDate: Mon, 30 Nov 2026 10:00:00 +0000\r\nMessage-ID: <${tls}@example.net>\r\n\r\n.\r\n..\r\n.dot\r\n\xc3\xbc \xff 8 bits\r\n`
    const bytes = Buffer.from(letter, 'latin1')
    const session = await SmtpSession.open(loginAt(tls))
    assert.deepEqual(session.abilities, { size: 209_715_200, eightBit: true, utf8: true, dsn: true })
    const to = ['you@example.org', 'gone@example.org', 'slow@example.org']
    const answer = await send(session, envelopeOf(bytes.length, ...to), Readable.from([bytes]), gate)
    assert.deepEqual(
      answer.recipients.map(({ code }) => code),
      [250, 550, 451],
    )
    assert.equal(answer.end.kind, 'accepted')
    const again = await send(session, envelopeOf(bytes.length, 'gone@example.org'), Readable.from([bytes]), gate)
    assert.equal(again.end.kind, 'rejected')
    await session.quit()
    assert.equal(await arrived(tls), letter.replaceAll('\r\n', '\n'))
  })
}

test('a wrong password, a line in clear and another certificate are told', async () => {
  for (const [login, kind] of [
    [loginAt('starttls', { password: 'wrong' }), 'credentials refused'],
    [loginAt('none'), 'provider refused'],
    [loginAt('starttls', { ca: undefined }), 'tls'],
    [loginAt('implicit', { ca: undefined, tlsFingerprint: '0'.repeat(64) }), 'tls'],
  ] as const)
    await assert.rejects(
      SmtpSession.open(login),
      (error) => error instanceof SessionFailed && error.failure.kind === kind,
    )
  const pinned = await SmtpSession.open(loginAt('starttls', { ca: undefined, tlsFingerprint: exim.fingerprint }))
  await pinned.quit()
})

test('a large message is streamed: little of it is in memory at a time', async () => {
  const line = Buffer.from(`${'x'.repeat(70)}\r\n`)
  const piece = Buffer.concat(Array.from({ length: 910 }, () => line))
  const pieces = Math.ceil((40 * 1024 * 1024) / piece.length)
  let most = 0
  const body = async function* () {
    yield Buffer.from('Subject: large\r\n\r\n')
    for (let nth = 0; nth < pieces; nth += 1) {
      if (nth % 50 === 0) most = Math.max(most, process.memoryUsage().rss)
      yield piece
    }
  }
  const session = await SmtpSession.open(loginAt('starttls'))
  const before = process.memoryUsage().rss
  const answer = await send(session, envelopeOf(pieces * piece.length, 'you@example.org'), Readable.from(body()), gate)
  assert.equal(answer.end.kind, 'accepted', JSON.stringify(answer))
  assert.ok(most - before < 25 * 1024 * 1024, `${Math.round((most - before) / 1024 / 1024)} MiB more`)
  await session.quit()
})
