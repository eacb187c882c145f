/** Never an open relay, in any state: whatever a stranger says, and whatever is away, nothing is taken but a mailbox's own mail. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { plain, type SmtpTalk, TestSubmission } from '../support/submission.ts'

let submission: TestSubmission
before(async () => {
  submission = await new TestSubmission().listen()
})
after(async () => await submission.stop())
beforeEach(() => {
  submission.holds = true
  submission.loginFails = undefined
  submission.senders = senders
  submission.answer = undefined
})

const senders = [{ address: 'me@example.org', state: 'verified', reason: null }] as const
const own = 'From: me@example.org\r\n\r\nhello\r\n.\r\n'
const foreign = 'From: victim@example.net\r\n\r\nhello\r\n.\r\n'

async function stranger(door: 'secure' | 'clear' = 'secure'): Promise<SmtpTalk> {
  const talk = await submission[door]()
  await talk.says(220)
  await talk.asks('EHLO client.example', 250)
  return talk
}

/** Says it all at once, as somebody does who does not wait for answers, and gives the answers until the server hangs up or QUIT is answered. */
async function blurts(talk: SmtpTalk, octets: string | Buffer): Promise<string[]> {
  talk.send(octets)
  talk.send('\r\nQUIT\r\n')
  const replies: string[] = []
  for (;;) {
    const reply = await talk.reply()
    if (reply === '') break
    replies.push(reply)
    if (reply.startsWith('221')) break
  }
  talk.close()
  return replies
}

const mail = (from: string, to: string, message: string) =>
  `MAIL FROM:<${from}>\r\nRCPT TO:<${to}>\r\nDATA\r\n${message}`
const inner = mail('victim@example.net', 'you@example.net', foreign)

/** What somebody says without a login. */
const strangers: Readonly<Record<string, string | Buffer>> = {
  'no AUTH': mail('me@example.org', 'you@example.net', own),
  'no AUTH, from nobody': mail('', 'you@example.net', own),
  'no AUTH, to postmaster': mail('me@example.org', 'postmaster', own),
  'no AUTH, to this machine': mail('me@example.org', 'root@localhost', own),
  'no AUTH, to an address of this machine': mail('me@example.org', 'root@[127.0.0.1]', own),
  'no AUTH, to the mailbox itself': mail('you@example.net', 'me@example.org', foreign),
  'AUTH and MAIL before its answer': `AUTH PLAIN ${plain('alice', 'wrong')}\r\n${mail('me@example.org', 'you@example.net', own)}`,
  'AUTH by another for alice': `AUTH PLAIN ${plain('bob', 'wonder', 'alice')}\r\n${mail('me@example.org', 'you@example.net', own)}`,
  'AUTH that is broken off': `AUTH LOGIN\r\n*\r\n${mail('me@example.org', 'you@example.net', own)}`,
  'AUTH with a NUL more': `AUTH PLAIN ${Buffer.from('\0alice\0wonder\0').toString('base64')}\r\n${mail('me@example.org', 'you@example.net', own)}`,
  'AUTH by a mechanism that is not there': `AUTH EXTERNAL YWxpY2U=\r\nAUTH CRAM-MD5\r\nAUTH XOAUTH2 YWxpY2U=\r\n${mail('me@example.org', 'you@example.net', own)}`,
  'AUTH= as if it were a login': `MAIL FROM:<me@example.org> AUTH=alice\r\nRCPT TO:<you@example.net>\r\nDATA\r\n${own}`,
  XCLIENT: `XCLIENT LOGIN=alice ADDR=127.0.0.1\r\n${mail('me@example.org', 'you@example.net', own)}`,
  XFORWARD: `XFORWARD NAME=localhost ADDR=127.0.0.1\r\n${mail('me@example.org', 'you@example.net', own)}`,
  'a PROXY header': `PROXY TCP4 127.0.0.1 127.0.0.1 1 25\r\n${mail('me@example.org', 'you@example.net', own)}`,
  'VRFY, EXPN, ETRN, TURN': 'VRFY root\r\nEXPN staff\r\nETRN example.net\r\nTURN\r\n',
  'an old joke': `WIZ x\r\nSHELL\r\nDEBUG\r\n${mail('me@example.org', 'you@example.net', own)}`,
  BDAT: `BDAT ${own.length} LAST\r\n${own}`,
  'HELO alone': `HELO client.example\r\n${mail('me@example.org', 'you@example.net', own)}`,
  LHLO: `LHLO client.example\r\n${mail('me@example.org', 'you@example.net', own)}`,
  'a line without end': `${'A'.repeat(70_000)}\r\n${mail('me@example.org', 'you@example.net', own)}`,
  'a line of NULs': Buffer.concat([
    Buffer.alloc(500),
    Buffer.from(`\r\n${mail('me@example.org', 'you@example.net', own)}`),
  ]),
}

test('a stranger gets nothing taken', { concurrency: 8 }, async (t) => {
  const probes = Object.entries(strangers).map(
    async ([what, octets]) =>
      await t.test(what, async () => {
        for (const door of ['secure', 'clear'] as const) {
          const replies = await blurts(await stranger(door), octets)
          assert.ok(!replies.slice(0, -1).some((reply) => /^(?:235|354)/.test(reply)), replies.join(''))
          assert.ok(
            replies.some((reply) => /^[45]|^252/.test(reply)),
            replies.join(''),
          )
        }
        assert.equal(submission.taken.length, 0)
      }),
  )
  await Promise.all(probes)
})

test('in clear no login is listened to, right or wrong', async () => {
  const talk = await stranger('clear')
  for (const line of [`AUTH PLAIN ${plain('alice', 'wonder')}`, 'AUTH PLAIN', 'AUTH LOGIN'])
    assert.match(await talk.asks(line, 538), /^538 5\.7\.0/)
  await talk.asks('MAIL FROM:<me@example.org>', 530)
  talk.close()
})

test('what is said before TLS counts for nothing after it', async () => {
  const talk = await stranger('clear')
  talk.send(
    `STARTTLS\r\nEHLO client.example\r\nAUTH PLAIN ${plain('alice', 'wonder')}\r\n${mail('me@example.org', 'you@example.net', own)}`,
  )
  await talk.says(220)
  await talk.securely(submission.cert)
  await talk.asks('MAIL FROM:<me@example.org>', 503)
  talk.close()
  const other = await stranger('clear')
  await other.startTls(submission.cert)
  await other.asks('MAIL FROM:<me@example.org>', 503)
  await other.asks('EHLO client.example', 250)
  await other.asks('MAIL FROM:<me@example.org>', 530)
  await other.asks('STARTTLS', 503)
  other.close()
  assert.equal(submission.taken.length, 0)
})

test('a browser that is made to talk to it is sent away', async () => {
  const talk = await submission.clear()
  await talk.says(220)
  talk.send(`POST / HTTP/1.1\r\nHost: localhost:1587\r\n\r\nEHLO x\r\n${inner}`)
  await talk.says(421)
  await talk.closed()
})

test('who talks before the greeting is sent away', async () => {
  const talk = await submission.clear()
  talk.send(`EHLO client.example\r\n${inner}`)
  await talk.says(421)
  await talk.closed()
})

/** What somebody says who has a login, to send as somebody else: MAIL FROM, and the message. */
const forgeries: Readonly<Record<string, readonly [from: string, message: string]>> = {
  'an envelope of another': ['victim@example.net', own],
  'a header of another': ['me@example.org', foreign],
  'a header of another under the null sender': ['', foreign],
  'the percent hack': ['me%example.org@example.net', own],
  'a source route': ['@example.org,@example.net:victim@example.net', own],
  'a source route in the header': ['me@example.org', 'From: <@example.org:victim@example.net>\r\n\r\n.\r\n'],
  'a quoted name': ['"me@example.org"@example.net', own],
  'a name with an address in it': ['me@example.org', 'From: "me@example.org" <victim@example.net>\r\n\r\n.\r\n'],
  'two addresses': ['me@example.org', 'From: me@example.org, victim@example.net\r\n\r\n.\r\n'],
  'two From': ['me@example.org', 'From: me@example.org\r\nFrom: victim@example.net\r\n\r\n.\r\n'],
  'a folded second From': ['me@example.org', 'From: me@example.org\r\nFrom\t:\r\n victim@example.net\r\n\r\n.\r\n'],
  'Sender of another': ['me@example.org', 'From: me@example.org\r\nSender: victim@example.net\r\n\r\n.\r\n'],
  'an identity that its provider refuses': ['gone@example.org', own],
  'line ends in its encoding': ['me@example.org%0d%0aRCPT', own],
  'no address': ['me', own],
  'no header': ['me@example.org', '\r\nFrom: me@example.org\r\n.\r\n'],
}

test('a login does not send as somebody else', { concurrency: 8 }, async (t) => {
  submission.senders = [...senders, { address: 'gone@example.org', state: 'refused', reason: null }]
  const probes = Object.entries(forgeries).map(
    async ([what, [from, message]]) =>
      await t.test(what, async () => {
        const replies = await blurts(await submission.loggedIn(), mail(from, 'you@example.net', message))
        assert.ok(
          replies.some((reply) => reply.startsWith('5')),
          replies.join(''),
        )
        assert.equal(submission.taken.length, 0)
      }),
  )
  await Promise.all(probes)
})

test('a parameter that hides a line end is refused', async () => {
  const talk = await submission.loggedIn()
  for (const line of ['MAIL FROM:<me@example.org> ENVID=a+0D+0ARCPT', 'MAIL FROM:<me@example.org> RET=FULL RET=HDRS'])
    await talk.asks(line, 501)
  for (const parameter of ['BY=1;R', 'HOLDFOR=9', 'REQUIRETLS', 'MT-PRIORITY=9', 'XVERP'])
    assert.match(await talk.asks(`MAIL FROM:<me@example.org> ${parameter}`, 555), /5\.5\.4/)
  await talk.asks('MAIL FROM:<me@example.org> BODY=BINARYMIME', 501)
  await talk.asks('MAIL FROM:<me@example.org> AUTH=<>', 250)
  await talk.asks('RCPT TO:<you@example.net> ORCPT=rfc822;a+0A', 501)
  await talk.asks('RCPT TO:<postmaster>', 553)
  await talk.asks('RCPT TO:<>', 501)
  talk.close()
})

/** Ends of a message as this or that server understands them (SMTP smuggling). */
const ends = [
  '\n.\n',
  '\n.\r\n',
  '\r\n.\n',
  '\r.\r',
  '\r.\r\n',
  '\r\n.\r',
  '\r\n.\r\r\n',
  '\n.\r',
  '\r.\n',
  '\r\n\0.\r\n',
  '\r\n.\0\r\n',
  '\r\n.\r\0\n',
  '\r\r\n.\r\r\n',
  '\n\n.\n\n',
]

test('a message ends in one way alone, and nothing in it is a command', { concurrency: 8 }, async (t) => {
  const probes = ends.map(
    async (end) =>
      await t.test(JSON.stringify(end), async () => {
        const message = `From: me@example.org\r\n\r\nhello${end}${inner}`
        const replies = await blurts(await submission.loggedIn(), mail('me@example.org', 'you@example.net', message))
        // One answer to DATA, and one to what is the only message.
        assert.match(replies.slice(2).join(''), /^354 [^\n]*\n550 5\.6\.0 [^\n]*\n/)
        assert.equal(replies.filter((reply) => reply.startsWith('354')).length, 1)
        assert.equal(submission.taken.length, 0)
      }),
  )
  await Promise.all(probes)
})

test('a dot that is cut from its line by the network ends nothing', async () => {
  const talk = await submission.loggedIn()
  await talk.asks('MAIL FROM:<me@example.org>', 250)
  await talk.asks('RCPT TO:<you@example.net>', 250)
  await talk.asks('DATA', 354)
  for (const octet of `From: me@example.org\r\n\r\n..\r\n${inner.replaceAll('\r\n.\r\n', '\r\n..\r\n')}\r\n.\r\n`) {
    talk.send(octet)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await talk.says(250)
  assert.equal(submission.taken.length, 1)
  assert.match(String(submission.taken[0]?.bytes), /^MAIL FROM/m)
  submission.taken.length = 0
  talk.close()
})

test('whatever is away, nothing is taken by that', async () => {
  submission.loginFails = new Error('Redis is away')
  const talk = await stranger()
  assert.match(await talk.asks(`AUTH PLAIN ${plain('alice', 'wonder')}`, 454), /^454 4\.7\.0/)
  await talk.asks('MAIL FROM:<me@example.org>', 530)
  talk.close()
  submission.loginFails = undefined
  const gone = await submission.loggedIn()
  // Its last account was removed meanwhile.
  submission.senders = []
  await gone.asks('MAIL FROM:<me@example.org>', 550)
  submission.senders = senders
  await gone.asks('MAIL FROM:<me@example.org>', 250)
  await gone.asks('RCPT TO:<you@example.net>', 250)
  // The mailbox was removed between RCPT and DATA.
  submission.holds = false
  await gone.asks('DATA', 354)
  gone.send(own)
  await gone.says(421)
  await gone.closed()
  assert.equal(submission.taken.length, 0)
})
