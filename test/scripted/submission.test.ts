/** What a mail program may say to the submission server, and what it is told. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { submissionLimits } from '../../api/submission/limits.ts'
import { sendLimits } from '../../src/send/limits.ts'
import { certificate } from '../support/certificates.ts'
import { plain, testOctetsMax, TestSubmission } from '../support/submission.ts'
import { until } from '../support/until.ts'

let submission: TestSubmission
before(async () => {
  submission = await new TestSubmission().listen()
})
beforeEach(() => {
  submission.taken.length = 0
})
after(async () => await submission.stop())

const head = 'From: Me <me@example.org>\r\nDate: Mon, 30 Nov 2026 03:24:17 +0000\r\nMessage-ID: <a@example.org>\r\n'

test('a message that a mailbox may send is taken byte for byte but for its Bcc, with the envelope', async () => {
  const talk = await submission.loggedIn()
  await talk.asks('MAIL FROM:<me@example.org> SIZE=2000 BODY=8BITMIME RET=HDRS ENVID=a+2Bb', 250)
  await talk.asks('RCPT TO:<you@example.net> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;you+2Bx@example.net', 250)
  await talk.asks('RCPT TO:<secret@example.net>', 250)
  await talk.asks('DATA', 354)
  talk.send(Buffer.from(`${head}Bcc: secret@example.net\r\n\r\n..a dot\r\n...\r\nß\r\n`, 'latin1'))
  talk.send('.\r\n')
  assert.match(await talk.says(250), /^250 2\.6\.0 Taken as entry-1\r\n$/)
  await talk.asks('QUIT', 221)
  await talk.closed()
  const [taken] = submission.taken
  assert.equal(taken?.bytes.toString('latin1'), `${head}\r\n.a dot\r\n..\r\nß\r\n`)
  assert.equal(taken.message.bcc.toString(), 'Bcc: secret@example.net\r\n')
  assert.deepEqual(
    {
      login: taken.login,
      sender: taken.sender,
      recipients: taken.recipients,
      dsn: taken.dsn,
      utf8: taken.utf8,
      eightBit: taken.eightBit,
    },
    {
      login: 'alice',
      sender: 'me@example.org',
      recipients: [
        { address: 'you@example.net', notify: ['SUCCESS', 'DELAY'], orcpt: 'rfc822;you+x@example.net' },
        { address: 'secret@example.net' },
      ],
      dsn: { ret: 'HDRS', envid: 'a+b' },
      utf8: false,
      eightBit: true,
    },
  )
})

test('what is offered: AUTH under TLS alone, and what RFC 6409 asks for', async () => {
  const clear = await submission.clear()
  await clear.says(220)
  const inClear = await clear.asks('EHLO client.example', 250)
  assert.match(inClear, /250-mail\.example\.org\r\n/)
  assert.match(inClear, /STARTTLS/)
  assert.doesNotMatch(inClear, /AUTH/)
  await clear.startTls(submission.cert)
  const secured = await clear.asks('EHLO client.example', 250)
  for (const one of [
    'AUTH PLAIN LOGIN',
    `SIZE ${testOctetsMax}`,
    'PIPELINING',
    '8BITMIME',
    'SMTPUTF8',
    'DSN',
    'ENHANCEDSTATUSCODES',
  ])
    assert.match(secured, new RegExp(`250[- ]${one}\\r\\n`))
  assert.doesNotMatch(secured, /STARTTLS|XCLIENT|CHUNKING|BINARYMIME/)
  await clear.asks('AUTH LOGIN', 334)
  await clear.asks(Buffer.from('alice').toString('base64'), 334)
  await clear.asks(Buffer.from('wonder').toString('base64'), 235)
  await clear.asks('MAIL FROM:<me@example.org>', 250)
  clear.close()
})

test('refusals say why, and nothing of the message is left', async () => {
  const talk = await submission.loggedIn()
  assert.match(
    await talk.asks('MAIL FROM:<other@example.org>', 550),
    /^550 5\.7\.1 .*other@example\.org is not an address of this mailbox: send as me@example\.org/,
  )
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['From: other@example.org\r\n\r\n', /^550 5\.7\.1 The From other@example\.org/],
    ['From: me@example.org\r\nFrom: me@example.org\r\n\r\n', /^550 5\.7\.1 .*2 From/],
    ['From: me@example.org\r\nSender: other@example.org\r\n\r\n', /^550 5\.7\.1 The Sender/],
    ['From: me@example.org\r\n\r\na\nb\r\n', /^550 5\.6\.0 /],
    ['\r\nFrom: me@example.org\r\n', /^550 5\.7\.1 .*0 From/],
    [`From: me@example.org\r\nX: ${'y'.repeat(sendLimits.headOctetsMax)}\r\n\r\n`, /^552 5\.3\.4 /],
  ]
  for (const [message, answer] of wrong) {
    await talk.asks('MAIL FROM:<me@example.org>', 250)
    await talk.asks('RCPT TO:<you@example.net>', 250)
    await talk.asks('DATA', 354)
    talk.send(`${message}.\r\n`)
    assert.match(await talk.reply(), answer)
  }
  assert.equal(submission.taken.length, 0)
  assert.equal(submission.open, 0)
  // The same connection goes on.
  await talk.asks('MAIL FROM:<>', 250)
  await talk.asks('RCPT TO:<you@example.net>', 250)
  await talk.asks('DATA', 354)
  talk.send(`${head}\r\n.\r\n`)
  await talk.says(250)
  assert.equal(submission.taken[0]?.sender, '')
  talk.close()
})

test('an address beyond ASCII needs SMTPUTF8, and its domain has another form', async () => {
  const talk = await submission.loggedIn()
  await talk.asks('MAIL FROM:<also@bücher.example>', 250)
  assert.match(await talk.asks('RCPT TO:<jürgen@example.net>', 553), /5\.6\.7/)
  await talk.asks('RCPT TO:<you@bücher.example>', 250)
  await talk.asks('RSET', 250)
  await talk.asks('MAIL FROM:<also@xn--bcher-kva.example> SMTPUTF8', 250)
  await talk.asks('RCPT TO:<jürgen@bücher.example>', 250)
  await talk.asks('DATA', 354)
  talk.send('From: also@bücher.example\r\nTo: jürgen@bücher.example\r\n\r\n.\r\n')
  await talk.says(250)
  const [taken] = submission.taken
  assert.deepEqual(
    [taken?.sender, taken?.recipients[0]?.address, taken?.utf8],
    ['also@xn--bcher-kva.example', 'jürgen@xn--bcher-kva.example', true],
  )
  talk.close()
})

test('SMTPUTF8 of a MAIL that was refused is not that of the next one', async () => {
  const talk = await submission.loggedIn()
  await talk.asks('MAIL FROM:<other@example.org> SMTPUTF8 RET=FULL', 550)
  await talk.asks('MAIL FROM:<me@example.org>', 250)
  await talk.asks('RCPT TO:<jürgen@example.net>', 553)
  await talk.asks('RCPT TO:<you@example.net>', 250)
  await talk.asks('DATA', 354)
  talk.send(`${head}\r\n.\r\n`)
  await talk.says(250)
  assert.equal(submission.taken[0]?.dsn, null)
  talk.close()
})

test('a size is held to: as announced, and as it comes', async () => {
  const talk = await submission.loggedIn()
  assert.match(await talk.asks(`MAIL FROM:<me@example.org> SIZE=${testOctetsMax + 1}`, 552), /^552 5\.3\.4 /)
  await talk.asks('MAIL FROM:<me@example.org> SIZE=10', 250)
  await talk.asks('RCPT TO:<you@example.net>', 250)
  await talk.asks('DATA', 354)
  talk.send(`${head}\r\n`)
  const line = Buffer.from(`${'x'.repeat(1022)}\r\n`.repeat(64))
  for (let octets = 0; octets <= testOctetsMax; octets += line.length) {
    talk.send(line)
    await talk.drained()
  }
  talk.send('.\r\n')
  assert.match(await talk.says(552), /^552 5\.3\.4 /)
  assert.equal(submission.open, 0)
  talk.close()
})

test('recipients have a bound, and those before it stand', async () => {
  const talk = await submission.loggedIn()
  await talk.asks('MAIL FROM:<me@example.org>', 250)
  for (let nth = 0; nth < sendLimits.recipientsMax; nth += 1) talk.send(`RCPT TO:<you${nth}@example.net>\r\n`)
  for (let nth = 0; nth < sendLimits.recipientsMax; nth += 1) await talk.says(250)
  assert.match(await talk.asks('RCPT TO:<more@example.net>', 452), /4\.5\.3/)
  await talk.asks('DATA', 354)
  talk.send(`${head}\r\n.\r\n`)
  await talk.says(250)
  assert.equal(submission.taken[0]?.recipients.length, sendLimits.recipientsMax)
  talk.close()
})

test('what the outbox says is the answer, and what breaks is not shown', async () => {
  const talk = await submission.loggedIn()
  const sends = async (code: number) => {
    await talk.asks('MAIL FROM:<me@example.org>', 250)
    await talk.asks('RCPT TO:<you@example.net>', 250)
    await talk.asks('DATA', 354)
    talk.send(`${head}\r\n.\r\n`)
    return await talk.says(code)
  }
  submission.answer = async () => ({ code: 452, enhanced: '4.7.1', sentence: 'This account may send again at 14:05' })
  assert.match(await sends(452), /^452 4\.7\.1 This account may send again at 14:05\r\n$/)
  submission.answer = async () => {
    throw new Error('the password of Redis is secret')
  }
  assert.match(await sends(451), /^451 4\.3\.0 Something here does not work now; try again in a while\r\n$/)
  submission.answer = async () => {
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  }
  assert.match(await sends(452), /^452 4\.3\.1 The disk here has no room/)
  submission.answer = undefined
  assert.equal(submission.open, 0)
  talk.close()
})

test('a client that goes in mid-message leaves nothing, and a stream that breaks ends nothing', async () => {
  for (const talk of [await submission.loggedIn(), await submission.loggedIn()]) {
    await talk.asks('MAIL FROM:<me@example.org>', 250)
    await talk.asks('RCPT TO:<you@example.net>', 250)
    await talk.asks('DATA', 354)
    talk.send(`${head}\r\nhalf a message`)
    await until('the draft', () => submission.open > 0)
    talk.close()
    await until('the draft to be gone', () => submission.open === 0)
  }
  assert.equal(submission.taken.length, 0)
})

test('a login that no longer holds ends', async () => {
  const talk = await submission.loggedIn()
  submission.holds = false
  try {
    assert.match(await talk.asks('MAIL FROM:<me@example.org>', 421), /4\.7\.0/)
    await talk.closed()
  } finally {
    submission.holds = true
  }
})

test('three wrong passwords end a connection', async () => {
  const talk = await submission.secure()
  await talk.says(220)
  await talk.asks('EHLO client.example', 250)
  assert.match(await talk.asks(`AUTH PLAIN ${plain('alice', 'wrong')}`, 535), /^535 5\.7\.8 /)
  await talk.asks(`AUTH PLAIN ${plain('alice', 'wonder', 'bob')}`, 535)
  await talk.asks(`AUTH PLAIN ${plain('alice', '')}`, 421)
  await talk.closed()
})

test('who is idle is told at a stop, and a message that comes is taken to its end', async () => {
  const stopping = await new TestSubmission().listen()
  const [idle, busy] = [await stopping.loggedIn(), await stopping.loggedIn()]
  await busy.asks('MAIL FROM:<me@example.org>', 250)
  await busy.asks('RCPT TO:<you@example.net>', 250)
  await busy.asks('DATA', 354)
  busy.send(`${head}\r\n`)
  await until('the draft', () => stopping.open > 0)
  const stopped = stopping.server.stop(20_000)
  assert.match(await idle.says(421), /4\.3\.2/)
  busy.send('the rest\r\n.\r\n')
  await busy.says(250)
  await busy.says(421)
  await stopped
  assert.equal(stopping.taken.length, 1)
  await assert.rejects(stopping.clear())
})

test('a renewed certificate is served to the next connection, and those before go on', async () => {
  const renewed = await new TestSubmission().listen()
  const before = await renewed.loggedIn()
  const pair = certificate()
  renewed.server.renew({ cert: Buffer.from(pair.cert), key: Buffer.from(pair.key), validTo: '' })
  await assert.rejects(renewed.secure())
  ;(renewed as { cert: string }).cert = pair.cert
  const after_ = await renewed.loggedIn()
  await before.asks('NOOP', 250)
  const clear = await renewed.clear()
  await clear.says(220)
  await clear.asks('EHLO client.example', 250)
  await clear.startTls(pair.cert)
  for (const talk of [before, after_, clear]) talk.close()
  await renewed.stop()
})

test('from one address as many may connect as a whole office does; the next is told to come again, and the others go on', async () => {
  const crowded = await new TestSubmission().listen()
  const { connectionsEachMax } = submissionLimits
  const talks = await Promise.all(Array.from({ length: connectionsEachMax }, async () => await crowded.clear()))
  try {
    for (const talk of talks) await talk.says(220)
    const late = await crowded.clear()
    await late.says(421)
    await late.closed()
    await talks[0]?.asks('QUIT', 221)
    await talks[0]?.closed()
    await until('there is room again', async () => {
      const next = await crowded.clear()
      const greeting = await next.reply()
      next.close()
      return greeting.startsWith('220')
    })
  } finally {
    for (const talk of talks) talk.close()
    await crowded.stop()
  }
})
