import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Browser, BrowserContext, Page, Response } from 'playwright-core'
import { closeAll } from '../support/closing.ts'
import { type Served, serve, signedIn, startBrowser, violations } from '../support/browser.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { converse, readFolder } from '../support/reader.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const waitMs = 120_000
const hourMs = 3_600_000

let stack: Stack
let served: Served
let browser: Browser
/** Signed in; its tabs share the cookie. */
let person: BrowserContext
let provider: ScriptedServer
/** Where the pictures of a newsletter are, and what was asked for there. */
let elsewhere: Server
const visits: string[] = []
let destinationId: string

const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const invoice = randomBytes(3000)

/** @param nth how many hours ago it was sent. */
const letter = (nth: number, lines: readonly string[]) => ({
  bytes: Buffer.from(
    [
      `Date: ${new Date(Date.now() - nth * hourMs).toUTCString().replace('GMT', '+0000')}`,
      `Message-ID: <${nth}@example.org>`,
      'To: Anna <me@example.net>',
      ...lines,
      '',
    ].join('\r\n'),
  ),
})

const newsletter = (pictures: string) =>
  letter(1, [
    'From: Shop <orders@shop.example>',
    'Subject: Your order is on its way',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=outer',
    '',
    '--outer',
    'Content-Type: multipart/alternative; boundary=inner',
    '',
    '--inner',
    'Content-Type: text/plain',
    '',
    `Thank you, in plain words. See ${pictures}/orders.`,
    '--inner',
    'Content-Type: text/html',
    '',
    `<h1 onclick="fetch('${pictures}/click')">Thank you</h1><script>fetch('${pictures}/script')</script>`,
    `<img src="${pictures}/pixel.png" alt="A picture" onerror="fetch('${pictures}/error')">`,
    `<a href="${pictures}/orders">Your orders</a>`,
    '--inner--',
    '--outer',
    'Content-Type: application/pdf',
    'Content-Transfer-Encoding: base64',
    'Content-Disposition: attachment; filename="invoice.pdf"',
    '',
    ...(invoice.toString('base64').match(/.{1,76}/g) ?? []),
    '--outer--',
  ])

const letters = (pictures: string) => [
  newsletter(pictures),
  letter(2, [
    'From: =?UTF-8?B?SsO2cmc=?= <joerg@sailing.example>',
    'Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe_vom_Wochenende?=',
    '',
    'Hello, and see you soon.',
  ]),
  ...Array.from({ length: 60 }, (_, nth) =>
    letter(nth + 3, ['From: Club <club@example.org>', `Subject: Letter ${nth}`, '', `The ${nth}th letter.`]),
  ),
]

before(async () => {
  elsewhere = createServer(({ url = '' }, response) => {
    visits.push(url)
    response.setHeader('content-type', 'image/png').end(pixel)
  }).listen(0, '127.0.0.1')
  await once(elsewhere, 'listening')
  const pictures = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`
  ;[stack, browser, provider] = await Promise.all([
    startStack(),
    startBrowser(),
    startPop3Server({ messages: letters(pictures), password: 'secret' }),
  ])
  ;[served] = await Promise.all([serve(stack), stack.startWorker()])
  destinationId = await stack.destination('alice')
  await stack.pull(await stack.account({ port: provider.port, destinationId }))
  await imap('CREATE Empty')
  person = await signedIn(browser, served.url, waitMs)
})
after(async () => {
  // Whatever there is: what does not start must not keep this from ending.
  await closeAll({
    browser: () => browser?.close(),
    served: () => served?.close(),
    elsewhere: () => elsewhere?.close(),
    stack: () => stack?.stop(),
    provider: () => provider?.close(),
  })
})

/** As alice's mail program says it, in her INBOX. */
async function imap(command: string): Promise<void> {
  await converse(stack.dovecot.imapPort, ['a LOGIN alice wonder', 'b SELECT INBOX', `c ${command}`, 'd LOGOUT'])
}

const stored = async () => await readFolder(stack.dovecot.imapPort, 'alice', 'wonder')

async function storedAs(subject: string) {
  const found = (await stored()).find(({ bytes }) => bytes.includes(`Subject: ${subject}`))
  assert.ok(found, subject)
  return found
}

const here = (query = '') => `${served.url}/mail/${destinationId}${query}`

async function open(query = '?folder=INBOX', context = person): Promise<Page> {
  const page = await context.newPage()
  await page.goto(here(query))
  return page
}

const row = (page: Page, subject: string) => page.locator('.letters').getByRole('link', { name: subject })
const opened = (page: Page, subject: string) => page.getByRole('heading', { level: 2, name: subject, exact: true })
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const folder = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Folders' }).getByRole('link', { name })
/** The store has said that it did. */
const marked = async (page: Page, act: () => Promise<unknown>): Promise<Response> => {
  const [response] = await Promise.all([page.waitForResponse((answer) => answer.request().method() === 'PATCH'), act()])
  return response
}

test('mail that was gathered is found, and opened it is read for every mail program; unread and flagged go both ways', async () => {
  const page = await person.newPage()
  await page.goto(served.url)
  await page.getByRole('link', { name: 'Mail', exact: true }).click()
  // The only mailbox.
  await page.getByRole('heading', { level: 1, name: 'alice' }).waitFor()
  await folder(page, 'Inbox 62 unread').waitFor()
  await page.getByText('62 messages').waitFor()

  const subject = 'Grüße vom Wochenende'
  await row(page, `unread. Jörg`).waitFor()
  await marked(page, async () => await row(page, subject).click())
  await opened(page, subject).waitFor()
  await page.locator('.message-body').getByText('Hello, and see you soon.').waitFor()
  await page.getByText('Anna <me@example.net>').waitFor()
  await folder(page, 'Inbox 61 unread').waitFor()
  assert.doesNotMatch((await row(page, subject).textContent()) ?? '', /unread/)
  const encoded = '=?UTF-8?Q?Gr=C3=BC=C3=9Fe_vom_Wochenende?='
  assert.ok((await storedAs(encoded)).flags.includes('\\Seen'))

  await marked(page, async () => await button(page, 'Mark unread').click())
  await folder(page, 'Inbox 62 unread').waitFor()
  await marked(page, async () => await button(page, 'Flag').click())
  const { flags, uid } = await storedAs(encoded)
  assert.deepEqual([flags.includes('\\Seen'), flags.includes('\\Flagged')], [false, true])
  await row(page, 'flagged').waitFor()

  await imap(`UID STORE ${uid} FLAGS (\\Seen)`)
  await button(page, 'Look for new mail').click()
  await folder(page, 'Inbox 61 unread').waitFor()
  await row(page, 'flagged').waitFor({ state: 'detached' })
  assert.doesNotMatch((await row(page, subject).textContent()) ?? '', /unread/)

  // By which account it came.
  await page.locator('.envelope').getByRole('link', { name: 'me@example.net' }).click()
  await page.getByRole('heading', { level: 1, name: 'me@example.net' }).waitFor()
  await page.close()
})

test('HTML runs nothing and fetches nothing, until its images are asked for', async () => {
  const page = await open()
  await row(page, 'Your order').click()
  const frame = page.frameLocator('iframe')
  await frame.getByRole('heading', { name: 'Thank you' }).click()
  assert.equal(
    await page.locator('iframe').getAttribute('sandbox'),
    'allow-same-origin allow-popups allow-popups-to-escape-sandbox',
  )
  await page.getByText('Remote images are held back').waitFor()
  await page.getByRole('button', { name: 'Text', exact: true }).click()
  await page.locator('.message-body').getByText('Thank you, in plain words.').waitFor()
  assert.equal(await page.getByRole('link', { name: /\/orders$/ }).getAttribute('rel'), 'noopener noreferrer')
  await button(page, 'HTML').click()
  await frame.getByRole('heading', { name: 'Thank you' }).waitFor()
  assert.deepEqual(visits, [])
  await Promise.all([once(elsewhere, 'request'), button(page, 'Show remote images').click()])
  await frame.getByRole('img', { name: 'A picture' }).waitFor()
  await page.getByText('Remote images are held back').waitFor({ state: 'detached' })
  await frame.getByRole('heading', { name: 'Thank you' }).click()
  assert.deepEqual([...new Set(visits)], ['/pixel.png'])
  await page.close()
})

test('a message whose HTML cannot be shown says so, with what it has of text', async () => {
  const page = await open()
  for (const [text, told] of [
    ['In plain words.', 'In plain words.'],
    [null, 'Whatever it brought is attached, or in the original.'],
  ] as const) {
    await page.route(/\/messages\/\d+\?/, async (route) => {
      if (route.request().method() !== 'GET') return await route.continue()
      const response = await route.fetch()
      const message = (await response.json()) as object
      return await route.fulfill({ response, json: { ...message, text, html: false, withheld: 'slow', remote: false } })
    })
    await row(page, 'Your order').click()
    await page.getByText('Its HTML is not shown: making it harmless takes too long.').waitFor()
    await page.locator('.reader-message').getByText(told).waitFor()
    assert.equal(await page.locator('iframe').count(), 0)
    await page.unroute(/\/messages\/\d+\?/)
    await page.goto(here('?folder=INBOX'))
  }
  await page.close()
})

test('attachments and the original are downloaded byte for byte', async () => {
  const page = await open()
  await row(page, 'with attachments').click()
  const download = async (name: string | RegExp) => {
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name }).click()])
    return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) }
  }
  const pdf = await download('invoice.pdf 3 kB')
  assert.equal(pdf.name, 'invoice.pdf')
  assert.ok(pdf.bytes.equals(invoice))
  const original = await download('Download original (.eml)')
  assert.match(original.name, /\.eml$/)
  assert.ok(original.bytes.equals((await storedAs('Your order')).bytes))
  await page.close()
})

test('what is looked for is found, unread mail alone is shown, the list scrolls to its end, and an empty folder says so', async () => {
  const page = await open()
  const rows = page.locator('.letters li')
  await row(page, 'Letter 3').first().waitFor()
  assert.equal(await rows.nth(3).getAttribute('aria-setsize'), '62')
  await page.evaluate(`document.querySelector('.reader-letters').scrollTo(0, 100_000)`)
  await row(page, 'Letter 59').waitFor()
  assert.equal(await row(page, 'Letter 59').locator('..').getAttribute('aria-posinset'), '62')

  await page.getByRole('searchbox').fill('17th letter')
  await page.keyboard.press('Enter')
  await rows.nth(1).waitFor({ state: 'detached' })
  await marked(page, async () => await row(page, 'Letter 17').click())
  // All of it is in the address: a link leads there, and back is back.
  await page.reload()
  await opened(page, 'Letter 17').waitFor()
  assert.equal(await page.getByRole('searchbox').inputValue(), '17th letter')
  await page.goBack()
  await page.getByText('Choose a message').waitFor()
  await row(page, 'Letter 17').waitFor()
  assert.equal(await rows.count(), 1)
  await page.goBack()
  await rows.nth(9).waitFor()
  await until('an empty field', async () => (await page.getByRole('searchbox').inputValue()) === '')
  await page.goForward()
  await rows.nth(1).waitFor({ state: 'detached' })
  await button(page, 'Unread').click()
  await page.getByText('Nothing found').waitFor()
  await button(page, 'Clear the filter').click()
  await rows.nth(9).waitFor()

  await folder(page, 'Empty').click()
  await page.getByText('Nothing in this folder').waitFor()
  await page.close()
})

test('mail that comes while the page is open is shown by itself', async () => {
  const page = await open()
  await page.locator('.letters li').nth(9).waitFor()
  const late = await startPop3Server({
    messages: [letter(0, ['From: Mum <rosa@family.example>', 'Subject: Just now', '', 'Hello.'])],
    password: 'secret',
  })
  await stack.pull(await stack.account({ address: 'late@example.net', user: 'l', port: late.port, destinationId }))
  await row(page, 'Just now').waitFor()
  await late.close()
  await page.close()
})

test('a message that is gone is told, and so is a store that is away; what it did not take is put back', async () => {
  const page = await open('?folder=INBOX&uid=4000')
  await page.getByText('This message is not here any more').waitFor()
  await button(page, 'Look at the folder again').click()
  await marked(page, async () => await row(page, 'Letter 3').first().click())
  await opened(page, 'Letter 3').waitFor()
  const held = await open('?folder=INBOX&uid=1')
  await held.frameLocator('iframe').getByRole('heading', { name: 'Thank you' }).waitFor()
  await stack.dovecot.halt()
  await marked(page, async () => await button(page, 'Flag').click())
  await page.locator('.toast.bad').waitFor()
  await button(page, 'Flag').waitFor()
  await button(page, 'Look for new mail').click()
  await page.locator('.toast.bad').nth(1).waitFor()
  await folder(page, 'Empty').click()
  const failed = page.locator('.reader-letters').getByRole('alert')
  await failed.waitFor()
  await held.getByRole('button', { name: 'Show remote images' }).click()
  await held.frameLocator('iframe').getByText('try again in a moment').waitFor()
  const other = await open()
  await other.getByRole('alert').getByRole('button', { name: 'Try again' }).waitFor()
  await stack.dovecot.resume()
  await failed.getByRole('button', { name: 'Try again' }).click()
  await page.getByText('Nothing in this folder').waitFor()
  await other.getByRole('alert').getByRole('button', { name: 'Try again' }).click()
  await row(other, 'Letter 3').first().waitFor()
  for (const each of [page, held, other]) await each.close()
})

test('a message whose reading the store is not told of stays unread, and that is said', async () => {
  const page = await open()
  const counted = (await folder(page, 'Inbox').textContent()) ?? ''
  await page.route(/\/messages\/\d+\?/, async (route) =>
    route.request().method() === 'PATCH' ? await route.abort() : await route.continue(),
  )
  await row(page, 'Letter 7').click()
  await page.locator('.toast.bad', { hasText: 'Tributary does not answer' }).waitFor()
  await page.locator('.message-body').getByText('The 7th letter.').waitFor()
  await row(page, 'unread. Club').getByText('Letter 7', { exact: true }).waitFor()
  assert.equal(await folder(page, 'Inbox').textContent(), counted)
  await button(page, 'Mark read').waitFor()
  await page.close()
})

test('whoever may only look reads, and leaves no mark', async () => {
  const { body } = await stack.call('POST', '/tokens', { name: 'looker', scopes: ['read'], destinationId })
  const context = await browser.newContext({ locale: 'en' })
  context.setDefaultTimeout(waitMs)
  const page = await context.newPage()
  await page.goto(served.url)
  await page.getByLabel('Password').fill(String(body['token']))
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('link', { name: 'Mail', exact: true }).click()
  await row(page, 'Letter 9').first().click()
  await page.locator('.message-body').getByText('The 9th letter.').waitFor()
  assert.equal(await button(page, 'Flag').count(), 0)
  assert.ok(!(await storedAs('Letter 9\r\n')).flags.includes('\\Seen'))
  await row(page, 'unread. Club').getByText('Letter 9', { exact: true }).waitFor()
  await context.close()
})

test('with the keyboard alone: from the folders to the list, to a message and its buttons, and back', async () => {
  const page = await open()
  await row(page, 'Letter 4').first().waitFor()
  const focused = async (wanted: RegExp) => {
    const named = `(document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '').trim()`
    for (let times = 0; times < 60; times += 1) {
      if (wanted.test(await page.evaluate<string>(named))) return
      await page.keyboard.press('Tab')
    }
    assert.fail(`${String(wanted)} is not reached`)
  }
  await focused(/^Inbox/)
  await focused(/Letter 4/)
  await page.keyboard.press('ArrowDown')
  await marked(page, async () => await page.keyboard.press('Enter'))
  await page.locator('h2:focus', { hasText: 'Letter 5' }).waitFor()
  await focused(/^Flag$/)
  await marked(page, async () => await page.keyboard.press('Enter'))
  await button(page, 'Remove the flag').waitFor()
  await page.keyboard.press('Escape')
  await page.locator('.letters a:focus', { hasText: 'Letter 5' }).waitFor()
  await page.getByText('Choose a message').waitFor()
  await page.close()
})

test('axe finds nothing wrong with it in either theme, wide and on a phone, where one pane is shown at a time', async () => {
  for (const width of [1280, 390]) {
    const context = await browser.newContext({
      locale: 'en',
      viewport: { width, height: 800 },
      storageState: await person.storageState(),
    })
    context.setDefaultTimeout(waitMs)
    const page = await open('', context)
    const holds = async (what: string) => {
      assert.deepEqual(await violations(page), [], `${what}, ${width}`)
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width, what)
    }
    await folder(page, 'Empty').waitFor()
    await holds('folders')
    await folder(page, 'Empty').click()
    await page.getByText('Nothing in this folder').waitFor()
    await holds('an empty folder')
    if (width === 390) await page.getByRole('link', { name: 'Folders' }).click()
    await folder(page, 'Inbox').click()
    await row(page, 'Your order').waitFor()
    await holds('a list')
    await row(page, 'Your order').click()
    await page.frameLocator('iframe').getByRole('heading', { name: 'Thank you' }).waitFor()
    await page.locator('.envelope a').waitFor()
    await holds('a message')
    if (width === 390) {
      assert.equal(await page.locator('.reader-letters:visible').count(), 0)
      await page.getByRole('link', { name: 'Back to Inbox' }).click()
      await page.locator('.letters a:focus', { hasText: 'Your order' }).waitFor()
    }
    await context.close()
  }
})

test('all script that a message needs to be read is less than 64 kB', async () => {
  const page = await person.newPage()
  const scripts: Promise<Buffer>[] = []
  page.on('response', (response) => {
    if (response.url().endsWith('.js')) scripts.push(response.body())
  })
  await page.goto(here('?folder=INBOX&uid=1'))
  await opened(page, 'Your order is on its way').waitFor()
  const octets = (await Promise.all(scripts)).reduce((sum, body) => sum + gzipSync(body).length, 0)
  assert.ok(octets > 10_000 && octets < 64_000, `${octets} octets, by gzip`)
  await page.close()
})

test('mailboxes lead to their mail', async () => {
  const page = await person.newPage()
  await page.goto(`${served.url}/destinations`)
  await page.getByRole('link', { name: 'Read mail' }).click()
  await row(page, 'Letter 3').first().waitFor()
  await page.goto(`${served.url}/destinations/${destinationId}`)
  await page.getByRole('link', { name: 'Read mail' }).click()
  await row(page, 'Letter 3').first().waitFor()
  await stack.destination('bob')
  await page.getByRole('link', { name: 'Mail', exact: true }).click()
  await page.getByText('Which mailbox').waitFor()
  await page.getByRole('link', { name: 'bob' }).click()
  await page.getByText('Nothing in this folder').waitFor()
  await page.close()
})
