import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  snippetLettersMax,
  snippetOfHtml,
  snippetOfPlain,
  snippetOfText,
  undoneEncoding,
} from '../../src/mail/snippet.ts'
import { takenMs } from '../support/stretches.ts'

test('the first words of plain text are those of its writer', () => {
  assert.equal(snippetOfPlain('> you wrote\r\n> this\r\n\r\nYes,\tof course.'), 'Yes, of course.')
  assert.equal(snippetOfPlain('> nothing else'), '> nothing else')
  assert.equal(snippetOfPlain(' \r\n\u200b\u00ad\ufeff '), null)
  assert.equal(snippetOfText('\u0000a\u001b[31m\u202eb'), 'a [31mb')
})

test('they are cut, and not within a letter', () => {
  const text = snippetOfText(`${'x'.repeat(snippetLettersMax - 1)}😀😀`)
  assert.equal(text, 'x'.repeat(snippetLettersMax - 1))
})

test('the first words of HTML are what is seen of it', () => {
  for (const [html, words] of [
    [
      '<html><head><title>t</title><style>p { a: b }</style></head><body><p>Hello&nbsp;<b>you</b>&#33;</p>',
      'Hello you !',
    ],
    ['<!-- <p>no</p> -->yes<script>if (a < b) c()</script> &lt;3 &amp; &euro;', 'yes <3 & &euro;'],
    ['<p title="', null],
    ['<style>p {', null],
    ['a<SCRIPT>b</SCRIPT >c', 'a c'],
    ['&#0;&#xd800;&#1114112;x', 'x'],
  ] as const)
    assert.equal(snippetOfHtml(html), words, html)
})

test('what is made to take long does not', () => {
  const ms = takenMs(() => {
    for (const piece of ['<', '<!--', '<style>', '&', '&#', '<style></style', '> '])
      snippetOfHtml(piece.repeat(4096 / piece.length))
  })
  assert.ok(ms < 1000, `${ms} ms`)
})

test('a transfer encoding that is cut anywhere is undone as far as it goes', () => {
  const base64 = Buffer.from('Grüße').toString('base64')
  assert.equal(undoneEncoding(Buffer.from(`${base64.slice(0, 4)}\r\n${base64.slice(4)}`), 'base64').toString(), 'Grüße')
  for (const cut of ['a=C3=BC', 'a=C3=BC=', 'a=C3=BC=\r\n', 'a=C3=\r\n=BC=F'])
    assert.equal(undoneEncoding(Buffer.from(cut), 'quoted-printable').toString(), 'aü', cut)
  assert.equal(undoneEncoding(Buffer.from('=41'), '7bit').toString(), '=41')
})
