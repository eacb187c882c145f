import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cleaned } from '../../src/mail/html.ts'
import { isLookalike, leadsElsewhere, withLinksMarked } from '../../src/mail/links.ts'
import { takenMs } from '../support/stretches.ts'

test('a link whose text names another place is told, with where it leads', () => {
  for (const [text, href, told] of [
    ['www.bank.example', 'https://phish.example/x', 'phish.example'],
    ['https://bank.example/login', 'https://phish.example/', 'phish.example'],
    ['Log in at https://bank.example now', 'http://1.2.3.4/', '1.2.3.4'],
    ['bank.example', 'https://bank.example.phish.example/', 'bank.example.phish.example'],
    ['bank.\u200bexample', 'https://phish.example/', 'phish.example'],
    ['info@bank.example', 'mailto:eve@phish.example', 'eve@phish.example'],
    ['info@bank.example', 'https://phish.example/', 'phish.example'],
    ['Log in', 'https://bank.example@phish.example/', 'phish.example'],
    ['Log in', 'https://xn--80ak6aa92e.com/', 'xn--80ak6aa92e.com'],
    ['bank.example', 'https://bänk.example/', new URL('https://bänk.example/').hostname],
  ] as const)
    assert.equal(leadsElsewhere(text, href), told, `${text} ${href}`)
})

test('a link that leads where one would think is not told', () => {
  for (const [text, href] of [
    ['Click here', 'https://click.example/'],
    ['bank.example', 'https://www.bank.example/login'],
    ['www.bank.example', 'https://login.bank.example/'],
    ['login.bank.example', 'https://bank.example/'],
    ['HTTPS://Bank.Example/a?b', 'https://bank.example/a?b'],
    ['müller.example', 'https://xn--mller-kva.example/'],
    ['info@bank.example', 'mailto:INFO@bank.example?subject=x'],
    ['Write to us', 'mailto:info@bank.example'],
    ['invoice.pdf', 'https://files.example/invoice.pdf'],
    ['e.g. this one', 'https://x.example/'],
    ['', 'https://x.example/'],
    ['tel', 'tel:+41'],
  ] as const)
    assert.equal(leadsElsewhere(text, href), undefined, `${text} ${href}`)
})

test('the name of a host that is made of letters that look alike is known', () => {
  for (const host of ['аррӏе.com', 'раураl.com', 'gооgle.com', 'bаnk.example', 'ɡoogle.com', 'αρρνε.com'])
    assert.equal(isLookalike(new URL(`https://${host}`).hostname), true, host)
  for (const host of ['müller.de', 'почта.рф', 'łódź.pl', '日本.jp', 'đà-nẵng.vn', 'bank.example'])
    assert.equal(isLookalike(new URL(`https://${host}`).hostname), false, host)
})

test('the mark stands behind the link, is no markup of the sender’s, and takes a time that grows with the mail alone', () => {
  const html = (text: string, href: string) =>
    cleaned({ pages: [`<a href="${href}">${text}</a>`], images: new Map() }, false).html
  assert.match(
    html('<b>www.bank.example</b>', 'https://phish.example/&quot;&gt;'),
    /<\/a> <bdi class="elsewhere">→ phish\.example<\/bdi>$/,
  )
  assert.equal(html('www.bank.example &lt;b&gt;', 'mailto:%3Cb%3E@phish.example').includes('<b>'), false)
  assert.doesNotMatch(
    html('<bdi class=elsewhere>→ bank.example</bdi>', 'https://phish.example/'),
    /class=.*bank\.example<\/bdi><\/a>$/,
  )
  const link = '<a href="https://e.example/">'
  const ms = takenMs(() => {
    for (const piece of [link, '</a>', `${link}${'a.'.repeat(500)}</a>`])
      withLinksMarked(piece.repeat(300_000 / piece.length))
  })
  assert.ok(ms < 3000, `${ms} ms`)
})
