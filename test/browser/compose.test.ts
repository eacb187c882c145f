/** Somebody writes mail in a browser: answers, drafts, files, and what is asked before something goes out that was not meant so. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { violations } from '../support/browser.ts'
import { type DashboardPerson, startDashboardPerson } from '../support/dashboard-person.ts'
import { heldBack } from '../support/held-back.ts'
import { fillFolder } from '../support/large-folder.ts'
import { pageModuleUrl } from '../support/page-module.ts'

let someone: DashboardPerson
let destination: string

/** By their UIDs, from 1 on. */
const few: readonly string[] = [
  `Received: from pop.example.net by gather.example.org with POP3
 id 01JDF3Q4ZK5W8T7R6P9N2M1H0G for <me@old.example>;
 Mon, 01 Jun 2026 11:00:00 +0000
X-Tributary-Account: me@old.example\nX-Tributary-Id: 0123456789abcdef.0123456789abcdef.0123456789abcdef.0123456789abcdef0123456789abcdef
From: Ada Lovelace <ada@example.org>\nTo: me@example.net, Charles <c@example.org>\nCc: Me <ME@old.example>
Subject: AW: Analytical engines\nMessage-ID: <1@example.org>\nDate: Mon, 1 Jun 2026 10:00:00 +0000\n\nNumbers.\n\n> Things.\n\n-- \nAda\n`,
  `From: Ada <ada@example.org>\nTo: me@example.net\nSubject: The plan\nContent-Type: multipart/mixed; boundary=b\n\n--b
Content-Type: text/html; charset=utf-8\n\n<p>The <b>plan</b>.</p><ul><li>one</li><li>two</li></ul><script>x</script>\n--b
Content-Type: application/pdf; name=plan.pdf\nContent-Disposition: attachment; filename=plan.pdf\n\nplan\n--b--\n`,
]

before(async () => {
  someone = await startDashboardPerson()
  const { stack } = someone
  destination = await stack.destination('alice')
  const smtp = { host: '127.0.0.1', port: 9, tls: 'none' }
  for (const [address, signature] of [
    ['me@example.net', 'Me, at home'],
    ['me@old.example', 'Me, of old'],
  ])
    await stack.account({ destinationId: destination, address, user: address, smtp, signature })
  await fillFolder({
    port: stack.dovecot.imapPort,
    user: 'alice',
    password: 'wonder',
    folder: 'Few',
    count: few.length,
    message: (nth) => ({ text: few[nth] ?? '', arrived: new Date(Date.UTC(2026, 5, 1 + nth)), flags: '\\Seen' }),
  })
})
after(async () => await someone?.close())

const open = async (path: string) => await someone.open(`/mail/${destination}${path}`)
const field = (page: Page, name: string) => page.getByRole('textbox', { name, exact: true })
const text = (page: Page) => field(page, 'Message')
const chips = async (page: Page, name: string) => {
  const all = await page.getByRole('group', { name, exact: true }).locator('.chip-name').allInnerTexts()
  return all.join(', ')
}
const heading = async (page: Page, name: string) => await page.getByRole('heading', { level: 1, name }).waitFor()
const outbox = async () => (await someone.stack.call('GET', `/destinations/${destination}/outbox`)).body.items
interface Sent {
  readonly state: string
  readonly identity: string
  readonly recipients: readonly { readonly address: string }[]
}
const drafts = async () =>
  (await someone.stack.call('GET', `/destinations/${destination}/messages?folder=Drafts`)).body.items

test('an answer goes to all but oneself, as the account that the mail came by; it is a draft, sent, called back, and written on', async () => {
  const page = await open('?folder=Few&uid=1')
  await page.getByRole('heading', { level: 2, name: 'AW: Analytical engines' }).waitFor()
  await page.keyboard.press('a')
  await heading(page, 'Reply to all')
  await page.locator('textarea:focus').waitFor()
  assert.equal(await chips(page, 'To'), 'Ada Lovelace, Charles')
  assert.equal(await page.getByRole('group', { name: 'Cc' }).count(), 0)
  assert.equal(await page.getByLabel('From').locator('option:checked').innerText(), 'me@old.example (not verified)')
  assert.equal(await field(page, 'Subject').inputValue(), 'Re: Analytical engines')
  await page.keyboard.type('Things indeed.')
  assert.match(
    await text(page).inputValue(),
    /^Things indeed\.\n\nMe, of old\n\nOn .*2026.*, Ada Lovelace wrote:\n> Numbers\.\n>\n>> Things\.\n$/,
  )
  await page.getByText('Draft saved').waitFor()
  assert.deepEqual(
    (await drafts()).map(({ subject }) => subject),
    ['Re: Analytical engines'],
  )
  assert.deepEqual(await violations(page), [])
  await page.getByLabel('From').selectOption({ label: 'me@example.net (not verified)' })
  assert.match(await text(page).inputValue(), /^Things indeed\.\n\nMe, at home\n\nOn /)
  await page.keyboard.press('Control+Enter')
  await page.getByText('Sent.').waitFor()
  await page.getByRole('heading', { level: 2, name: 'AW: Analytical engines' }).waitFor()
  // That is offered for ten seconds: what was sent is looked at behind it.
  await page.getByRole('button', { name: 'Undo' }).click()
  await heading(page, 'Reply to all')
  await text(page).waitFor()
  assert.match(await text(page).inputValue(), /^Things indeed\./)
  const [sent, another] = (await outbox()) as unknown as Sent[]
  assert.deepEqual([sent?.state, sent?.identity, another], ['cancelled', 'me@example.net', undefined])
  assert.deepEqual(
    sent?.recipients.map(({ address }) => address),
    ['ada@example.org', 'c@example.org'],
  )
  // Esc keeps it as a draft, which is found again in its folder.
  await page.keyboard.press('Escape')
  await page.getByRole('link', { name: 'New message' }).waitFor()
  // The one from before went when it was sent.
  const [draft, ...others] = await drafts()
  assert.deepEqual(others, [])
  await page.goto(`${someone.served.url}/mail/${destination}?folder=Drafts&uid=${String(draft?.['uid'])}`)
  await page.getByRole('link', { name: 'Go on writing' }).click()
  await heading(page, 'Draft')
  await text(page).waitFor()
  assert.equal(await chips(page, 'To'), 'Ada Lovelace, Charles')
  assert.match(await text(page).inputValue(), /^Things indeed\./)
  await page.getByRole('button', { name: 'Throw the draft away' }).click()
  await page.getByRole('button', { name: 'Throw it away' }).click()
  await page.getByText('Nothing in this folder').waitFor()
  assert.deepEqual(await drafts(), [])
  await page.close()
})

test('addresses are checked as they are typed and pasted; what was forgotten is asked, once', async () => {
  const page = await open('?folder=Few')
  await page.getByRole('link', { name: 'New message' }).waitFor()
  await page.keyboard.press('c')
  await heading(page, 'New message')
  await page.locator('input:focus').waitFor()
  await page.keyboard.press('Control+Enter')
  await page.getByText('Say whom it goes to').waitFor()
  await page.keyboard.type('Lovelace, Ada <ada@example.org>; nonsense; c@bücher.example;')
  await field(page, 'Subject').click()
  assert.match(await chips(page, 'To'), /^Lovelace, Ada, nonsense, c@bücher\.example\s+\(xn--bcher-kva\.example\)$/)
  await page.getByText('“nonsense” is no address').waitFor()
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.locator('.people input:focus').waitFor()
  assert.deepEqual(await violations(page), [])
  await page.getByRole('button', { name: 'Remove nonsense' }).click()
  await page.getByRole('button', { name: 'Add Bcc' }).click()
  await page.getByRole('group', { name: 'Bcc' }).locator('input:focus').waitFor()
  await page.keyboard.type('secret@example.org')
  await text(page).fill('The plan is attached.')
  await page.keyboard.press('Control+Enter')
  await page.getByRole('dialog', { name: 'Send it without a subject?' }).waitFor()
  await page.getByRole('button', { name: 'Send anyway' }).click()
  await page.getByRole('dialog', { name: 'Nothing is attached' }).waitFor()
  await page.getByRole('button', { name: 'Go back' }).click()
  await page.evaluate(`(() => {
    const dropped = new DataTransfer()
    dropped.items.add(new File(['plan'], 'plan.txt', { type: 'text/plain' }))
    dropped.items.add(new File([new Uint8Array(25_000_001)], 'huge.bin'))
    document.querySelector('.writer-form').dispatchEvent(new DragEvent('drop', { dataTransfer: dropped, bubbles: true, cancelable: true }))
  })()`)
  await page.getByText('Not attached: huge.bin').waitFor()
  await page.getByRole('button', { name: 'Remove plan.txt' }).waitFor()
  await page.getByRole('button', { name: 'Send later' }).click()
  assert.deepEqual(await violations(page), [])
  await page.getByRole('button', { name: /^Tomorrow morning/ }).click()
  await page.getByText(/^Goes out at /).waitFor()
  const [sent] = await outbox()
  assert.deepEqual([sent?.['state'], sent?.['subject']], ['queued', ''])
  assert.ok(Date.parse(String(sent?.['sendAt'])) > Date.now() + 3_600_000)
  await page.getByRole('navigation', { name: 'Folders' }).getByRole('link', { name: 'Outbox' }).click()
  await heading(page, 'Outbox')
  await page.getByText(/^Waiting\s*Goes out at /).waitFor()
  assert.deepEqual(await violations(page), [])
  await page.getByRole('button', { name: 'Call back' }).click()
  await page.getByText('It did not go out.').first().waitFor()
  await page.close()
})

test('what is passed on looks as it did, or is its words; formats are few, whatever is pasted; unsaved text is asked for', async () => {
  const page = await open('?folder=Few&uid=2')
  await page.getByRole('heading', { level: 2, name: 'The plan' }).waitFor()
  await page.getByRole('link', { name: 'Forward' }).click()
  await heading(page, 'Forward')
  await page.getByRole('button', { name: 'Remove plan.pdf' }).waitFor()
  await page.frameLocator('.passed-on iframe').getByText('one').waitFor()
  assert.deepEqual(await violations(page), [])
  const html = async () => await page.locator('.formatted').innerHTML()
  assert.match(await html(), /Me, at home<\/div>.*Forwarded message.*Subject: The plan<\/div><div>To: me@example\.net/s)
  await page.getByLabel('From').selectOption({ label: 'me@old.example (not verified)' })
  assert.match(await html(), /^<div><br><\/div><div><br><\/div><div>Me, of old<\/div><div><br><\/div>/)
  await page.locator('.formatted').focus()
  await page.keyboard.press('Control+a')
  await page.evaluate(`(() => {
    const pasted = new DataTransfer()
    pasted.setData('text/html', '<p onclick="x()" style="color:red">a <strong>b</strong> <a href="javascript:x()">c</a> <a href="https://example.org/">d</a><img src=x><script>e</script></p>')
    // Office programs bring a picture of the words as well.
    pasted.items.add(new File(['x'], 'words.png', { type: 'image/png' }))
    document.querySelector('.formatted').dispatchEvent(new ClipboardEvent('paste', { clipboardData: pasted, bubbles: true, cancelable: true }))
  })()`)
  assert.match(await html(), /a <b>b<\/b> <a>c<\/a> <a href="https:\/\/example\.org\/">d<\/a>/)
  assert.doesNotMatch(await html(), /script|onclick|style|img/)
  assert.equal(await page.getByRole('button', { name: 'Remove words.png' }).count(), 0)
  await page.getByText('Draft saved').waitFor()
  await page.getByRole('button', { name: 'Formatting' }).click()
  await page.getByRole('button', { name: 'Make it plain' }).click()
  await page.locator('textarea').waitFor()
  assert.match(await text(page).inputValue(), /^a b c d <https:\/\/example\.org\/>\n\nThe plan\.\n\n?- one\n- two$/)
  await page.getByRole('button', { name: 'Formatting' }).click()
  await page.frameLocator('.passed-on iframe').getByText('one').waitFor()
  // Nothing that cannot be saved is left unasked.
  await page.route(/\/drafts$/, async (route) => await route.fulfill({ status: 503, json: {} }))
  await page.locator('.formatted').focus()
  await page.keyboard.type('more')
  await page.getByText('The draft is not saved.').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog', { name: 'Leave without saving?' }).getByRole('button').last().click()
  await page.getByRole('heading', { level: 2, name: 'The plan' }).waitFor()
  await page.close()
})

test('a link to another message begins that one; what was written is a draft, and found by the way back', async () => {
  const page = await open('/compose?folder=Few')
  await heading(page, 'New message')
  // It is not saved before somebody was asked.
  const saving = await heldBack(page, '**/drafts')
  await field(page, 'Subject').fill('A new one')
  await text(page).fill('Not yet done.')
  const follow = async (search: string) =>
    await page.evaluate(`{
      const link = Object.assign(document.createElement('a'), { href: location.pathname + ${JSON.stringify(search)} })
      document.body.append(link)
      link.click()
      link.remove()
    }`)
  const answer = '?folder=Few&uid=1&as=all'
  await follow(answer)
  await page.getByRole('dialog', { name: 'Leave without saving?' }).getByRole('button', { name: 'Stay' }).click()
  await heading(page, 'New message')
  assert.equal(await text(page).inputValue(), 'Not yet done.')
  saving.end()
  await page.getByText('Draft saved').waitFor()
  await page.waitForURL(/[?&]draft=\d+/)
  await follow(answer)
  await heading(page, 'Reply to all')
  await page.getByRole('group', { name: 'To', exact: true }).getByText('Ada Lovelace').waitFor()
  assert.equal(await chips(page, 'To'), 'Ada Lovelace, Charles')
  assert.match(await text(page).inputValue(), /^\n\nMe, of old\n\nOn /)
  assert.equal(new URL(page.url()).search, answer)
  await follow('?folder=Few&uid=2&as=reply')
  await page.getByRole('group', { name: 'To', exact: true }).getByText('Ada', { exact: true }).waitFor()
  assert.equal(await field(page, 'Subject').inputValue(), 'Re: The plan')
  const kept = async () => (await drafts()).filter(({ subject }) => subject === 'A new one').length
  assert.equal(await kept(), 1)
  await page.evaluate('history.go(-2)')
  await heading(page, 'Draft')
  await text(page).waitFor()
  assert.match(await text(page).inputValue(), /^Not yet done\./)
  await page.getByRole('button', { name: 'Throw the draft away' }).click()
  await page.getByRole('button', { name: 'Throw it away' }).click()
  await page.getByRole('link', { name: 'New message' }).waitFor()
  assert.equal(await kept(), 0)
  await page.close()
})

test('what is pasted is a few elements without attributes, however hostile it was, and fetches nothing', async () => {
  const page = await open('/compose')
  const asked: string[] = []
  page.on('request', (request) => void asked.push(request.url()))
  await page.getByRole('button', { name: 'Formatting' }).click()
  await page.locator('.formatted:focus').waitFor()
  const hostile = [
    '<base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=https://evil.example/">',
    '<style>@import url(https://evil.example/x.css); * { background: url(https://evil.example/y.png) }</style>',
    '<img src="https://evil.example/z.png" onerror="globalThis.ran = 1"><svg onload="globalThis.ran = 2"><a xlink:href="javascript:globalThis.ran = 3">s</a></svg>',
    '<noscript><p title="</noscript><img src=x onerror=globalThis.ran=5>"></p></noscript><iframe srcdoc="<script>parent.ran = 6</script>"></iframe>',
    '<form action="https://evil.example/"><input autofocus onfocus="globalThis.ran = 7"><button>b</button></form>',
    '<a href="java\nscript:globalThis.ran = 8" style="position:fixed;inset:0" id="content" name="cookie">one</a>',
    '<a href="data:text/html,<script>1</script>">two</a> <a href="https://example.org/?a=1&b=2" onclick="x()" target="_top">three</a>',
    '<template><script>globalThis.ran = 9</script></template><b onmouseover="x()" contenteditable="false">four</b>',
    '<math><mtext><table><mglyph><style><img src=x onerror="globalThis.ran = 4"></style></mglyph></table></mtext></math>',
  ].join('')
  // That of the formatting may go out before.
  const saved = page.waitForRequest(
    (request) =>
      request.method() === 'PUT' && request.url().endsWith('/drafts') && request.postData()?.includes('three') === true,
  )
  await page.evaluate(
    `((html) => {
      const pasted = new DataTransfer()
      pasted.setData('text/html', html)
      document.querySelector('.formatted').dispatchEvent(new ClipboardEvent('paste', { clipboardData: pasted, bubbles: true, cancelable: true }))
    })(${JSON.stringify(hostile)})`,
  )
  // Chromium makes spans of its own in the field; what is written down has none.
  const { html } = (await saved).postDataJSON() as { html: string }
  for (const markup of [html, await page.locator('.formatted').innerHTML()])
    assert.match(
      markup,
      /<a>one<\/a>.*<a>two<\/a>.*<a href="https:\/\/example\.org\/\?a=1&amp;b=2">three<\/a>.*<b>four<\/b>/s,
    )
  assert.deepEqual(html.match(/<(?!\/?(?:b|i|ul|ol|li|a|blockquote|div|br)\b)[^>]*>/g), null)
  assert.deepEqual(html.match(/<\w+\s(?!href="https:\/\/example\.org\/)[^>]*>/g), null)
  await page.getByText('Draft saved').waitFor()
  assert.deepEqual(
    asked.filter((url) => url.includes('evil.example')),
    [],
  )
  assert.equal(await page.evaluate('globalThis.ran'), undefined)
  await page.getByRole('button', { name: 'Throw the draft away' }).click()
  await page.getByRole('button', { name: 'Throw it away' }).click()
  await page.close()
})

test('it fits a phone, in Japanese and German as well, and has no faults there', async () => {
  const page = await open('/compose?folder=Few&uid=1&as=reply')
  await page.setViewportSize({ width: 360, height: 740 })
  await heading(page, 'Reply')
  for (const [language, title] of [
    ['Deutsch', 'Antworten'],
    ['日本語', '返信'],
    ['English', 'Reply'],
  ] as const) {
    await page.locator('.you button[aria-haspopup=menu]').nth(1).click()
    await page.getByRole('menuitemradio', { name: language }).click()
    await heading(page, title)
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360, language)
  }
  assert.deepEqual(await violations(page), [])
  await page.close()
})

test('quotes of quotes are formatted as deep as anybody writes them, and what goes deeper or on and on takes no longer', async () => {
  const page = await (await open('')).context().newPage()
  const url = await pageModuleUrl('dashboard/pages/compose/html.ts')
  const texts = ['> a\n>> b\n\nc', `${'>'.repeat(20_000)} deep\nabove`, '> a\nb\n'.repeat(20_000)]
  // As text: the compiler would write its own help into a function that imports.
  const made = (await page.evaluate(
    `import('${url}').then((html) => ${JSON.stringify(texts)}.map(html.htmlOf))`,
  )) as string[]
  await page.close()
  const [quoted, deep = '', long = ''] = made
  assert.equal(
    quoted,
    '<blockquote><div>a</div><blockquote><div>b</div></blockquote></blockquote><div><br></div><div>c</div>',
  )
  assert.match(
    deep.replace(/^(?:<blockquote>)+/, ''),
    /^<div>(?:&gt;){19950} deep<\/div>(?:<\/blockquote>){50}<div>above<\/div>$/,
  )
  assert.equal(long.match(/<blockquote>/g)?.length, 20_000)
})
