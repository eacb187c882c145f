/** What the words of SMTP servers mean, and that nodemailer still is what this gateway uses of it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import { missingSmtpInsides } from '../../src/smtp/insides.ts'
import { isSendingLimit, replyIn, type SmtpVerdict, verdictOn, verdictOnSender } from '../../src/smtp/replies.ts'
import { abilitiesIn } from '../../src/smtp/session.ts'

test('the installed nodemailer is the pinned one, and has the members that are used of it', () => {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    dependencies: Record<string, string>
  }
  const connection = new SMTPConnection({ host: '127.0.0.1', port: 25 })
  assert.match(dependencies['nodemailer'] ?? '', /^\d+\.\d+\.\d+$/)
  assert.equal(connection.version, dependencies['nodemailer'])
  assert.deepEqual(missingSmtpInsides(connection), [])
  assert.ok(missingSmtpInsides({}).length > 10)
})

test('an answer of several lines is one', () => {
  const { code, enhanced, words, line } = replyIn(
    '550-5.7.26 Your email has been blocked.\r\n550-5.7.26 See\t the page.\r\n550 5.7.26 bye',
  )
  assert.deepEqual(
    [code, enhanced, words, line],
    [
      550,
      '5.7.26',
      'Your email has been blocked. See the page. bye',
      '550 5.7.26 Your email has been blocked. See the page. bye',
    ],
  )
  assert.deepEqual(replyIn('250'), { code: 250, enhanced: '', words: '', line: '250' })
  assert.equal(replyIn(`550 ${'x'.repeat(5000)}`).line.length, 500)
  assert.equal(replyIn('+OK what').code, 0)
})

/** Real answers to RCPT TO, DATA and the final dot. */
const answers: readonly (readonly [string, SmtpVerdict])[] = [
  ['250 2.1.5 Ok', 'taken'],
  ['251 User not local; will forward', 'taken'],
  ['550 5.1.1 <x@example.org>: Recipient address rejected: User unknown in virtual mailbox table', 'never'],
  ['550-5.1.1 The email account that you tried to reach does not exist.', 'never'],
  ['552 5.2.2 The email account that you tried to reach is over quota', 'never'],
  ['550 5.2.1 The email account that you tried to reach is disabled', 'never'],
  ['452 4.2.2 The email account that you tried to reach is over quota', 'later'],
  ['450 4.2.1 The user you are trying to contact is receiving mail too quickly', 'later'],
  ['451 4.7.1 Greylisting in action, please come back later', 'later'],
  ['450 4.7.1 Client host rejected: cannot find your reverse hostname', 'later'],
  ['452 4.5.3 Error: too many recipients', 'later'],
  ['501 5.1.3 Bad recipient address syntax', 'never'],
  ['504 5.5.2 <x>: Recipient address rejected: need fully-qualified address', 'later'],
  ['503 5.5.1 Error: need MAIL command', 'later'],
  ['554 5.7.1 Message contains a virus', 'never'],
  ['550 5.7.1 This message has been blocked because it contains spam', 'never'],
  ['552 5.3.4 Message size exceeds fixed maximum message size', 'never'],
  ['554 5.4.6 Too many hops', 'never'],
  ['556 5.1.10 Recipient address has null MX', 'never'],
  ['550 5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to', 'held'],
  ['550 5.4.5 Daily SMTP relay limit exceeded for customer', 'held'],
  ['421 4.7.28 Gmail has detected an unusual rate of unsolicited mail', 'held'],
  ['554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; submission quota was exceeded', 'held'],
  ["550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients", 'held'],
  ['432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded', 'held'],
  ['554 5.2.122 The recipient has exceeded their limit for the number of messages they can receive per hour', 'held'],
  ['451 4.7.1 Message rate exceeded for this account, try again later', 'held'],
  ['550 5.4.6 Unusual sending activity detected. Please try after sometime', 'held'],
  ['452 4.3.1 Too many messages sent in the last hour', 'held'],
  ['530 5.7.57 Client not authenticated to send mail', 'held'],
  ['535 5.7.3 Authentication unsuccessful', 'held'],
  ['554 5.7.1 <x@example.org>: Relay access denied', 'held'],
  ['550 5.7.60 SMTP; Client does not have permissions to send as this sender', 'held'],
  ['554 5.2.252 SendAsDenied; me@example.net not allowed to send as you@example.net', 'held'],
  ['553 5.7.1 <me@example.net>: Sender address rejected: not owned by user you', 'held'],
]
test('an answer rejects a message only if it names the message or the recipient', () => {
  for (const [said, verdict] of answers) assert.equal(verdictOn(replyIn(said)), verdict, said)
})

test('at MAIL FROM nothing of the message is known but its size', () => {
  for (const [said, verdict] of [
    ['250 2.1.0 Ok', 'taken'],
    ['552 5.3.4 Message size exceeds fixed limit', 'never'],
    ['550 5.1.8 Sender rejected', 'held'],
    ['501 5.1.7 Bad sender address syntax', 'held'],
    ['451 4.3.0 Temporary lookup failure', 'held'],
    ['552 5.4.5 Daily limit', 'held'],
  ] as const)
    assert.equal(verdictOnSender(replyIn(said)), verdict, said)
  assert.ok(isSendingLimit(replyIn('451 Ratelimit exceeded for mailbox me@example.net')))
})

test('what EHLO offers is read by its keywords', () => {
  const hello = ['SIZE 35882577', '8BITMIME', 'AUTH LOGIN PLAIN', 'SMTPUTF8', 'dsn']
  assert.deepEqual(abilitiesIn(hello), { size: 35_882_577, eightBit: true, utf8: true, dsn: true })
  assert.deepEqual(abilitiesIn(['SIZE', 'XDSN']), { size: null, eightBit: false, utf8: false, dsn: false })
  assert.equal(abilitiesIn(['SIZE 0']).size, null)
})
