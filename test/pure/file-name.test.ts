/** An attachment goes out under the name of a file, in a form that every mail program reads. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simpleParser } from 'mailparser'
import { composed } from '../../src/smtp/compose.ts'

async function sentAs(filename: string) {
  const person = { name: null, address: 'me@example.net' }
  const attachments = [{ filename, contentType: 'application/x-tea', content: Buffer.from('tea') }]
  const letter = { from: person, to: [person], cc: [], bcc: [], subject: 'Tea', text: 'Tea', attachments, nowMs: 0 }
  const pieces: Buffer[] = []
  for await (const piece of composed(letter)) pieces.push(piece as Buffer)
  const bytes = Buffer.concat(pieces)
  const header = bytes.toString('latin1').split('Content-Type: application/x-tea')[1]?.split('\r\n\r\n')[0] ?? ''
  return { header, name: (await simpleParser(bytes)).attachments[0]?.filename, bytes }
}

test('what people name their files goes out as it is, in RFC 2231 where it is not ASCII', async () => {
  for (const name of [
    'engine.pdf',
    '.bashrc',
    'a "quoted"; name=1.txt',
    "it's 100% *fine*?.txt",
    'R\u00e9sum\u00e9 (fertig) \u2013 2026.pdf',
    `${'\u65e5\u672c\u8a9e'.repeat(50)}.pdf`,
    `${'x'.repeat(251)}.txt`,
    '\u05e9\u05dc\u05d5\u05dd\u200f.txt',
    'two..dots...txt',
    '=?utf-8?Q?b?=.txt',
  ]) {
    const sent = await sentAs(name)
    assert.equal(sent.name, name)
    assert.match(sent.header, /^[\t\r\n\x20-\x7e]*$/)
    if (/[^\x20-\x7e]/.test(name)) assert.match(sent.header, /filename\*0\*=utf-8''/)
  }
})

test('no name leads into another folder, adds a field, or shows another kind of file than it is', async () => {
  for (const [given, name] of [
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\ada\\engine.pdf', 'engine.pdf'],
    ['/home/ada/', 'ada'],
    ['..', 'attachment'],
    ['../..', 'attachment'],
    ['a/ \r\n', 'a'],
    ['\u202e', 'attachment'],
    ['invoice\u202efdp.exe', 'invoicefdp.exe'],
    ['a\r\nBcc: x@example.org\r\n\r\n.txt', 'a Bcc: x@example.org .txt'],
    ['a\0\x1b[31m\u2028.txt', 'a [31m .txt'],
  ] as const) {
    const sent = await sentAs(given)
    assert.equal(sent.name, name, JSON.stringify(given))
    assert.doesNotMatch(sent.bytes.toString('latin1'), /^Bcc/m)
  }
})
