/** What the sample provider answers to what it is sent. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { echoOf } from '../../deploy/sample-echo.ts'

const now = new Date('2026-11-30T08:00:00Z')
const letter = (...fields: readonly string[]) => Buffer.from(`${fields.join('\r\n')}\r\n\r\nGr\xfc\xdfe\r\n`, 'latin1')
const echo = (bytes: Buffer, from = 'ada@example.org', to = 'you@example.net') =>
  echoOf({ bytes, from, to }, 'an-id', now)?.toString('latin1')

test('an answer goes on with the thread, and has what came attached, byte for byte', () => {
  const bytes = letter('Subject: =?utf-8?Q?Gr=C3=BC?=\r\n folded', 'Message-ID: <2@x>', 'References: <0@x>\r\n <1@x>')
  const answer = echo(bytes) ?? ''
  assert.match(answer, /^Subject: Re: =\?utf-8\?Q\?Gr=C3=BC\?=\r\n folded\r\n/m)
  assert.match(answer, /^In-Reply-To: <2@x>\r\nReferences: <0@x>\r\n <1@x>\r\n <2@x>\r\n/m)
  assert.match(answer, /^Date: Mon, 30 Nov 2026 08:00:00 \+0000\r\nFrom: ada@example\.org\r\nTo: you@example\.net\r\n/m)
  assert.ok(answer.endsWith(`\r\n\r\n${bytes.toString('latin1')}\r\n--an-id--\r\n`))
})

test('a subject that answers stays as it is, and what has no name begins no thread', () => {
  const answer = echo(letter('Subject: re: tea')) ?? ''
  assert.match(answer, /^Subject: re: tea\r\n/m)
  assert.doesNotMatch(answer, /In-Reply-To|References/)
})

test('what a program has sent, nobody, or the same address gets no answer', () => {
  assert.equal(echo(letter('Auto-Submitted: auto-replied')), undefined)
  assert.equal(echo(letter('Subject: a'), 'ada@example.org', ''), undefined)
  assert.equal(echo(letter('Subject: a'), 'you@example.net'), undefined)
  assert.notEqual(echo(letter('Auto-Submitted: no')), undefined)
})
