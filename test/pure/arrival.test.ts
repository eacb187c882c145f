import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrivalOf, fieldDateOf } from '../../src/mail/arrival.ts'
import { fieldsOf, headerFingerprint, headerOf } from '../../src/mail/header.ts'
import { messageDigest } from '../../src/mail/octets.ts'

const nowMs = Date.UTC(2026, 10, 10, 12)
const bytes = (text: string) => Buffer.from(text, 'latin1')
const fieldsIn = (header: string) => fieldsOf(headerOf(bytes(header)))
const at = (header: string) => arrivalOf(fieldsIn(header), nowMs)?.toISOString()
const from = (header: string) => fieldDateOf(fieldsIn(header), nowMs)?.field

const received = 'Received: from a (x; y) by b; Mon, 2 Nov 2026 10:00:00 +0000\r\n'
const date = 'Date: Sun, 1 Nov 2026 09:00:00 +0000\r\n'

test('a message arrived when its topmost believable Received says, else its Date, else nobody knows', () => {
  const future = 'Received: from a by b; Mon, 2 Nov 2037 10:00:00 +0000\r\n'
  assert.equal(at(received + date), '2026-11-02T10:00:00.000Z')
  assert.equal(at(future + received + date), '2026-11-02T10:00:00.000Z')
  assert.equal(at(future + date), '2026-11-01T09:00:00.000Z')
  assert.equal(at('Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n'), undefined)
  assert.equal(at(`Date: ${new Date(nowMs + 7_199_000).toUTCString()}\r\n`), new Date(nowMs + 7_199_000).toISOString())
  assert.equal(at(`Date: ${new Date(nowMs + 7_201_000).toUTCString()}\r\n`), undefined)
  assert.equal(at(''), undefined)
})

test('the date of a Received is found wherever servers put it', () => {
  for (const value of [
    'from a by b; Thu Oct 28 17:00:38 2004 -0400',
    'from a by b; Thu, 28 Oct 2004 17:00:38 -0400;',
    'from a by b; Thu, 28 Oct 2004 17:00:38 -0400 ; ;\r\n ',
    'from a by b with SMTP id 0rI0WvO2 Thu, 28 Oct 2004 17:00:38 -0400',
    'from a by b with SMTP id 2 Thu, 28 Oct 2004 17:00:38 -0400;',
    'from a by b id 1.8.2004 Thu, 28 Oct 2004 17:00:38 -0400 (EDT)',
    'from a (c; d) by b;\r\n\tThu, 28 Oct 2004 17:00:38 -0400 (local; queue 7)',
    'from a (c (d;) \\); e) by b; Thu, 28 Oct 2004 17:00:38 -0400 (EDT)',
    'from a (by b (8.12.10/8.12.11) with ESMTP id m8MK; Thu, 28 Oct 2004 17:00:38 -0400',
    '(qmail 1234 invoked by uid 501); 28 Oct 2004 21:00:38 -0000',
    'from a by b; Thu, 28 Oct 2004 17:00:38 -0400; envelope-from <x@example.org>',
    'by 2002:a05:6214:1c85:b0:12:34:56 with SMTP id x20; Thu, 28 Oct 2004 14:00:38 -0700 (PDT)',
    'by b id 7 for x@example.net; October 28th, 2004 5:00:38 p.m. EDT',
    '; 28/10/2004 21:00:38',
    'from a by b\r\n for <x@example.net>\r\n Thu,\r\n 28 Oct 2004\r\n 17:00:38 -0400',
  ])
    assert.equal(at(`Received: ${value}\r\nSubject: x\r\n`), '2004-10-28T21:00:38.000Z', value)
})

test('a Received without a date is passed over', () => {
  for (const value of [
    'from a by b',
    'from [192.0.2.1] ([192.0.2.1:50473] helo=x) by b with SMTP id 2004.10.28',
    'from a (8.12.10/8.12.11) by b (10.9.8/10.9.8)',
    'from a by b id 5; sometime',
    '; ;;',
    '',
    'by b; Thu, 32 Oct 2004 17:00:38 -0400',
  ]) {
    assert.equal(at(`Received: ${value}\r\n`), undefined, value)
    assert.equal(at(`Received: ${value}\r\n${received}`), '2026-11-02T10:00:00.000Z', value)
    assert.equal(from(`Received: ${value}\r\n${date}`), 'date', value)
  }
})

test('without Received and Date, the other fields of a header tell, and at last the line of an mbox', () => {
  const mbox = 'From x@example.net Thu Oct 28 17:00:38 2004\r\n'
  const resent = 'Resent-Date: Wed, 27 Oct 2004 17:00:38 +0000\r\n'
  const original = 'X-Original-Date: Tue, 26 Oct 2004 17:00:38 +0000\r\n'
  const delivery = 'Delivery-Date: Mon, 25 Oct 2004 17:00:38 +0000\r\n'
  assert.deepEqual([from(mbox), at(mbox)], ['from ', '2004-10-28T17:00:38.000Z'])
  assert.equal(from(mbox + resent), 'resent-date')
  assert.equal(from(mbox + resent + original), 'x-original-date')
  assert.equal(from(mbox + resent + original + delivery), 'delivery-date')
  assert.equal(from(mbox + resent + original + delivery + date), 'date')
  assert.equal(from(mbox + resent + original + delivery + date + received), 'received')
  assert.equal(from(`Date: Whenever\r\n${delivery}`), 'delivery-date')
  assert.equal(at('Date: Whenever\r\nDate: Sun, 1 Nov 2026 09:00:00 +0000\r\n'), '2026-11-01T09:00:00.000Z')
})

test('the line of an mbox is read in its variants, and the header behind it; nothing else is taken for one', () => {
  for (const line of [
    'From x@example.net Thu Oct 28 17:00:38 2004',
    '>From x@example.net Thu Oct 28 17:00:38 2004',
    'From x2004@example.net  Thu Oct 28 17:00:38 2004 remote from host7',
    'From - Thu Oct 28 17:00:38 2004',
    'From "x y"@example.net Thu Oct 28 19:00:38 2004 +0200',
    'From x@example.net 28 Oct 2004 1700',
    'From MAILER-DAEMON Thu Oct 28 10:00:38 PDT 2004',
  ]) {
    assert.match(at(`${line}\r\nSubject: x\r\n`) ?? '', /^2004-10-28T17:00:(?:38|00)/, line)
    assert.match(at(`${line}\nSubject: x\n`) ?? '', /^2004-10-28T17:00:(?:38|00)/, line)
    assert.match(at(line) ?? '', /^2004-10-28T17:00:(?:38|00)/, line)
    assert.equal(at(`${line}\r\n${received}`), '2026-11-02T10:00:00.000Z', line)
  }
  const behind = `Subject: x\r\nFrom x@example.net Thu Oct 28 17:00:38 2004\r\n`
  for (const header of [
    behind,
    'From: x Thu Oct 28 17:00:38 2004\r\n',
    'From : Thu Oct 28 17:00:38 2004\r\n',
    'From x\r\n',
  ])
    assert.equal(at(header), undefined, header)
})

test('the line of an mbox and the other date fields change neither fingerprint nor digest', async () => {
  const header = `${received}Message-ID: <a@example.org>\r\n${date}From: a@example.org\r\nSubject: x\r\n`
  const known = { hash: 'f08e68552d631f8c', weak: false }
  assert.deepEqual(headerFingerprint(fieldsIn(header)), known)
  for (const line of [
    'From x@example.net Thu Oct 28 17:00:38 2004\r\n',
    '>From x Thu Oct 28 17:00:38 2004\r\n',
    'Delivery-Date: x\r\nResent-Date: y\r\nX-Original-Date: z\r\n',
  ])
    assert.deepEqual(headerFingerprint(fieldsIn(line + header)), known, line)
  assert.equal(
    await messageDigest(bytes(`From x@example.net Thu Oct 28 17:00:38 2004\r\nStatus: RO\r\n${header}\r\nx\r\n`)),
    'e5738471dd78525d',
  )
})
