/** Mail programs send: msmtp itself, and what others say, line by line as they say it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { said } from '../support/cli.ts'
import { plain, type SmtpTalk, TestSubmission } from '../support/submission.ts'

let submission: TestSubmission
let folder: string
before(async () => {
  submission = await new TestSubmission().listen()
  folder = mkdtempSync('/tmp/tributary-programs-')
  writeFileSync(join(folder, 'cert.pem'), submission.cert)
})
after(async () => {
  await submission.stop()
  rmSync(folder, { recursive: true })
})

const letter = (subject: string) =>
  `From: Me <me@example.org>\nTo: you@example.net\nBcc: secret@example.net\nSubject: ${subject}\n\nGr\u00fc\u00dfe\n.\n..\nend\n`

for (const [where, door] of [
  ['TLS', 0],
  ['STARTTLS', 1],
] as const)
  for (const how of ['plain', 'login', 'on'])
    test(`msmtp sends under ${where}, logged in by ${how}`, async () => {
      const config = join(folder, 'msmtprc')
      const lines = [
        'account a',
        'host localhost',
        `port ${submission.ports[door]}`,
        `tls on\ntls_starttls ${door === 0 ? 'off' : 'on'}\ntls_trust_file ${join(folder, 'cert.pem')}`,
        `auth ${how}\nuser alice\npassword wonder\nfrom me@example.org\ndsn_notify failure,delay\ndsn_return headers`,
      ]
      writeFileSync(config, `${lines.join('\n')}\n`, { mode: 0o600 })
      const words = ['-C', config, '-a', 'a', '--domain=[127.0.0.1]', '--read-recipients']
      const { code, err } = await said(spawn('msmtp', words), letter(`${where} ${how}`))
      assert.equal(code, 0, err)
      const taken = submission.taken.at(-1)
      assert.deepEqual(
        taken?.recipients.map(({ address, notify }) => [address, notify]),
        ['you@example.net', 'secret@example.net'].map((address) => [address, ['FAILURE', 'DELAY']]),
      )
      assert.equal(taken?.dsn?.ret, 'HDRS')
      const text = String(taken?.bytes)
      assert.match(text, new RegExp(`\\r\\nSubject: ${where} ${how}\\r\\n`))
      assert.match(text, /\r\n\r\nGr\u00fc\u00dfe\r\n\.\r\n\.\.\r\nend\r\n$/)
      assert.doesNotMatch(text, /secret@/)
    })

const base64 = (text: string) => Buffer.from(text).toString('base64')
type Line = string | readonly [line: string, code: number]
const message = 'From: me@example.org\r\nSubject: x\r\n\r\nhello\r\n.'

/** `STARTTLS` begins TLS; a line without a code is answered by 250. */
const programs: Readonly<Record<string, readonly Line[]>> = {
  Thunderbird: [
    'EHLO [127.0.0.1]',
    'STARTTLS',
    'EHLO [127.0.0.1]',
    [`AUTH PLAIN ${plain('alice', 'wonder')}`, 235],
    'MAIL FROM:<me@example.org> BODY=8BITMIME SIZE=345',
    'RCPT TO:<you@example.net>',
    ['DATA', 354],
    message,
    ['QUIT', 221],
  ],
  'an iPhone': [
    'EHLO smtpclient.apple',
    'STARTTLS',
    'EHLO smtpclient.apple',
    ['AUTH PLAIN', 334],
    [plain('alice', 'wonder'), 235],
    'MAIL FROM:<me@example.org>',
    'RCPT TO:<you@example.net>',
    ['DATA', 354],
    message,
    ['QUIT', 221],
  ],
  Outlook: [
    'EHLO DESKTOP',
    'STARTTLS',
    'EHLO DESKTOP',
    ['AUTH LOGIN', 334],
    [base64('alice'), 334],
    [base64('wonder'), 235],
    'MAIL FROM: <me@example.org>',
    'RCPT TO: <you@example.net>',
    ['DATA', 354],
    message,
    ['QUIT', 221],
  ],
  'smtplib, which gives the user at once': [
    'ehlo [127.0.0.1]',
    'STARTTLS',
    'ehlo [127.0.0.1]',
    [`AUTH LOGIN ${base64('alice')}`, 334],
    [base64('wonder'), 235],
    'mail FROM:<me@example.org> size=40 RET=HDRS',
    'rcpt TO:<you@example.net> NOTIFY=NEVER',
    ['data', 354],
    message,
    ['quit', 221],
  ],
  'K-9, which waits for no answers in between': [
    'EHLO [192.168.1.2]',
    'STARTTLS',
    'EHLO [192.168.1.2]',
    [`AUTH PLAIN ${plain('alice', 'wonder')}`, 235],
    'MAIL FROM:<me@example.org> BODY=8BITMIME\r\nRCPT TO:<you@example.net>\r\nRCPT TO:<two@example.net>',
    '',
    '',
    ['DATA', 354],
    message,
    ['QUIT', 221],
  ],
  'a program that asks first whether it is let in': [
    'EHLO here',
    'STARTTLS',
    'EHLO here',
    [`AUTH PLAIN ${plain('alice', 'wrong')}`, 535],
    [`AUTH PLAIN ${plain('alice', 'wonder')}`, 235],
    'NOOP',
    'RSET',
    ['VRFY you', 252],
    'MAIL FROM:<me@example.org> SIZE=0',
    'RCPT TO:<you@example.net>',
    'RSET',
    'MAIL FROM:<me@example.org>',
    'RCPT TO:<you@example.net>',
    ['DATA', 354],
    message,
  ],
}

for (const [name, lines] of Object.entries(programs))
  test(`a message is taken from ${name}`, async () => {
    const before = submission.taken.length
    const talk = await submission.clear()
    await talk.says(220)
    for (const line of lines) await spoken(talk, line)
    talk.close()
    assert.equal(submission.taken.length, before + 1)
    assert.match(String(submission.taken.at(-1)?.bytes), /\r\n\r\nhello\r\n$/)
  })

async function spoken(talk: SmtpTalk, line: Line): Promise<void> {
  const [text, code] = typeof line === 'string' ? [line, 250] : line
  if (text === 'STARTTLS') await talk.startTls(submission.cert)
  // The answer to something that was said before.
  else if (text === '') await talk.says(code)
  else await talk.asks(text, code)
}
