import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { violations } from '../support/browser.ts'
import { type DashboardPerson, startDashboardPerson } from '../support/dashboard-person.ts'
import { fillFolder } from '../support/large-folder.ts'
import { until } from '../support/until.ts'

const count = Number(process.env['TRIBUTARY_LARGE'] ?? 2000)
const dayMs = 24 * 3_600_000
const beganMs = Date.UTC(2015, 0, 1, 12)

let someone: DashboardPerson
let destination: string

/** Wider and higher than the others, so that it is seen. */
const picture = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

const html = (subject: string, body: string) =>
  `From: Bank <info@phish.example>\nSubject: ${subject}\nContent-Type: text/html; charset=utf-8\n\n${body}\n`

/** By their UIDs, from 1 on. */
const few: readonly string[] = [
  html(
    'long',
    `<p><a href="https://phish.example/x">www.bank.example</a></p>${'<p>words</p>'.repeat(100)}<p>The end.</p>`,
  ),
  html(
    'hostile',
    '<script>top.document.title = "taken"</script><img src=x onerror="top.document.title = 1"><div style="height:100vh">x</div><div style="height:900000px">y</div>',
  ),
  html('coloured', '<table bgcolor="#ffffff"><tr><td style="color:#333">on white</td></tr></table>'),
  `From: Charles <c@example.org>\nSubject: Invitation\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\n\n` +
    'BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:Dinner\nDTSTART;TZID=Asia/Ho_Chi_Minh:20261201T190000\nDTEND;TZID=Asia/Ho_Chi_Minh:20261201T213000\n' +
    'LOCATION:1 Dorset Street\nORGANIZER;CN=Charles Babbage:mailto:c@example.org\nATTENDEE;CN=Ada Lovelace:mailto:ada@example.org\nEND:VEVENT\nEND:VCALENDAR\n',
  `From: Ada <ada@example.org>\nSubject: Pictures\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: image/png; name=dot.png\nContent-Transfer-Encoding: base64\n\n${picture}\n` +
    '--b\nContent-Type: image/svg+xml; name=drawn.svg\n\n<svg xmlns="http://www.w3.org/2000/svg"/>\n--b--\n',
]

before(async () => {
  someone = await startDashboardPerson()
  destination = await someone.stack.destination('alice')
  const filling = { port: someone.stack.dovecot.imapPort, user: 'alice', password: 'wonder' }
  await fillFolder({
    ...filling,
    folder: 'Few',
    count: few.length,
    message: (nth) => ({ text: few[nth] ?? '', arrived: new Date(beganMs + nth * dayMs), flags: '\\Seen' }),
  })
  await fillFolder({
    ...filling,
    folder: 'Large',
    count,
    message: (nth) => ({
      text: `From: Ada <ada@example.org>\nSubject: Letter ${nth}.\n\nThe ${nth}th.\n`,
      arrived: new Date(beganMs + nth * dayMs),
      flags: '\\Seen',
    }),
  })
})
after(async () => await someone?.close())

const open = async (query: string) => await someone.open(`/mail/${destination}?${query}`)
const row = (page: Page, nth: number) => page.locator('.letters a', { hasText: `Letter ${nth}.` })
const opened = (page: Page, nth: number) => page.getByRole('heading', { level: 2, name: `Letter ${nth}.` })
const isInSight = async (page: Page, nth: number) =>
  await page.evaluate<boolean>(`(() => {
    const link = [...document.querySelectorAll('.letters a')].find(({ textContent }) => textContent.includes('Letter ${nth}.'))
    const [at, pane] = [link.getBoundingClientRect(), link.closest('.reader-letters').getBoundingClientRect()]
    return at.top >= pane.top && at.bottom <= pane.bottom
  })()`)
const scrollTo = async (page: Page, part: number) =>
  await page.evaluate(`(() => {
    const pane = document.querySelector('.reader-letters')
    pane.scrollTo(0, pane.scrollHeight * ${part})
  })()`)

test('a large folder is scrolled from end to end, with few rows in the page, and goes to a day', async () => {
  const page = await open('folder=Large')
  await row(page, count - 1).waitFor()
  await scrollTo(page, 0.5)
  await row(page, count / 2 - 1).waitFor()
  await scrollTo(page, 1)
  await row(page, 0).waitFor()
  assert.ok((await page.locator('.letters li').count()) < 60)
  await page.getByLabel('Go to a day').fill(new Date(beganMs + 700 * dayMs).toISOString().slice(0, 10))
  await row(page, 700).waitFor()
  await until('the day', async () => await isInSight(page, 700))
  await page.close()
})

test('a link to a message opens it, and its row is in sight', async () => {
  const { body } = await someone.stack.call(
    'GET',
    `/destinations/${destination}/messages?folder=Large&limit=1&offset=900`,
  )
  const page = await open(`folder=Large&uid=${String(body.items[0]?.['uid'])}`)
  await opened(page, count - 901).waitFor()
  await row(page, count - 901).waitFor()
  await until('its row', async () => await isInSight(page, count - 901))
  assert.equal(await row(page, count - 901).getAttribute('aria-current'), 'true')
  await page.close()
})

test('single keys go from message to message, search, help and leave; they do nothing where somebody types, and can be turned off', async () => {
  const page = await open('folder=Large')
  await row(page, count - 1).waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.locator('.letters a:focus', { hasText: `Letter ${count - 2}.` }).waitFor()
  await page.keyboard.press('Enter')
  await opened(page, count - 2).waitFor()
  await page.keyboard.press('j')
  await opened(page, count - 3).waitFor()
  await page.keyboard.press('k')
  await opened(page, count - 2).waitFor()
  await page.keyboard.press('?')
  const help = page.getByRole('dialog', { name: 'Keys' })
  await help.getByText('Next message').waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('Escape')
  await help.waitFor({ state: 'detached' })
  await opened(page, count - 2).waitFor()
  await page.keyboard.press('Escape')
  await page.locator('.letters a:focus', { hasText: `Letter ${count - 2}.` }).waitFor()
  await page.keyboard.press('End')
  await page.locator('.letters a:focus', { hasText: 'Letter 0.' }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('jk?')
  assert.equal(await page.getByRole('searchbox').inputValue(), 'jk?')
  await page.keyboard.press('Escape')
  await page.locator('.letters a:focus').waitFor()

  await page.getByRole('button', { name: 'Keys' }).click()
  assert.deepEqual(await violations(page), [])
  await help.getByRole('checkbox').uncheck()
  await page.keyboard.press('Escape')
  await help.waitFor({ state: 'detached' })
  await page.keyboard.press('?')
  await page.keyboard.press('/')
  assert.equal(await page.locator('dialog, input[type=search]:focus').count(), 0)
  await page.getByRole('button', { name: 'Keys' }).click()
  await help.getByRole('checkbox').check()
  await page.close()
})

test('what was searched is told', async () => {
  const page = await open('folder=Large&search=the')
  await page.getByText('The whole text of all messages was searched.').waitFor()
  await page.close()
})

/** The height of the frame, and what of its page does not fit. */
async function frameHeight(page: Page) {
  await page.locator('iframe.message-frame[style]').waitFor()
  return await page.evaluate<{ height: number; beyond: number }>(`(() => {
    const { clientHeight: height, contentDocument } = document.querySelector('iframe')
    return { height, beyond: contentDocument.documentElement.scrollHeight - height }
  })()`)
}

test('the frame of HTML is as high as its page, whose links say where they lead; its keys are those of the page', async () => {
  const page = await open('folder=Few&uid=1')
  const frame = page.frameLocator('iframe')
  await frame.getByText('The end.').waitFor()
  // A bar that comes beside it makes its lines shorter.
  await until('a frame of that height', async () => {
    const { height, beyond } = await frameHeight(page)
    return height > 3000 && beyond === 0
  })
  await frame.getByText('→ phish.example').waitFor()
  await frame.getByText('The end.').click()
  await page.keyboard.press('Escape')
  await page.getByText('Choose a message').waitFor()
  await page.close()
})

test('no script of a mail runs in the frame, and no height makes it grow without end', async () => {
  const page = await open('folder=Few&uid=2')
  await page.frameLocator('iframe').getByText('y').waitFor()
  const { height } = await frameHeight(page)
  assert.equal(height, 50_000)
  assert.match(await page.title(), /^hostile/)
  // What the cleaning missed would meet the sandbox and the policy.
  await page.route(/\/html\?/, async (route) => {
    const response = await route.fetch()
    const script =
      '<script>top.document.title = "taken"</script><img src=x onerror="top.document.title = 1"><form action="/"><button>go</button></form>'
    await route.fulfill({
      response,
      body: (await response.text()).replace('</body>', `${script}<p>through</p></body>`),
    })
  })
  await page.reload()
  await page.frameLocator('iframe').getByText('through').waitFor()
  assert.match(await page.title(), /^hostile/)
  await page.close()
})

test('in the dark a mail is dark, unless it is asked for as it was sent', async () => {
  const page = await open('folder=Few&uid=3')
  await page.emulateMedia({ colorScheme: 'dark' })
  const frame = page.frameLocator('iframe')
  const filter = async () =>
    await page.evaluate<string>(`(() => {
      const { contentWindow, contentDocument } = document.querySelector('iframe')
      return contentWindow.getComputedStyle(contentDocument.documentElement).filter
    })()`)
  await page.getByRole('button', { name: 'As sent' }).waitFor()
  await frame.getByText('on white').waitFor()
  await until('the dark', async () => (await filter()).startsWith('invert'))
  await Promise.all([page.waitForResponse(/\/html\?/), page.getByRole('button', { name: 'As sent' }).click()])
  await page.locator('iframe:not([src*="dark"])').waitFor()
  await frame.getByText('on white').waitFor()
  await until('its own colours', async () => (await filter()) === 'none')
  await page.close()
})

test('an invitation is shown in the zone of its reader, and pictures of the kinds that browsers draw', async () => {
  const page = await open('folder=Few&uid=4')
  const event = page.getByRole('region', { name: 'Event' })
  await event.getByRole('heading', { name: 'Dinner' }).waitFor()
  const shown = await page.evaluate(
    `new Intl.DateTimeFormat('en', { dateStyle: 'full', timeStyle: 'short' }).formatRange(Date.UTC(2026, 11, 1, 12), Date.UTC(2026, 11, 1, 14, 30))`,
  )
  await event.getByText(String(shown)).waitFor()
  for (const words of ['1 Dorset Street', 'Charles Babbage', 'Ada Lovelace']) await event.getByText(words).waitFor()
  assert.deepEqual(await violations(page), [])

  await page.goto(page.url().replace('uid=4', 'uid=5'))
  const drawn = page.getByRole('img', { name: 'dot.png' })
  await drawn.waitFor()
  await until(
    'the picture',
    async () => (await page.evaluate(`document.querySelector('.pictures img').naturalWidth`)) === 1,
  )
  assert.equal(await page.locator('.pictures img').count(), 1)
  assert.equal(await page.getByText('There is no text in this message').count(), 0)
  assert.deepEqual(await violations(page), [])
  await page.close()
})

test('on paper a message is there alone and whole', async () => {
  const page = await open('folder=Few&uid=1')
  await page.frameLocator('iframe').getByText('The end.').waitFor()
  await page.emulateMedia({ media: 'print' })
  const printed = await page.evaluate(`(() => {
    const frame = document.querySelector('.message-frame')
    const seen = (name) => document.querySelector(name)?.checkVisibility() === true
    return {
      seen: ['.top', '.reader-folders', '.reader-letters', '.message-do', '.finder'].filter(seen),
      whole: document.documentElement.scrollHeight >= frame.clientHeight,
    }
  })()`)
  assert.deepEqual(printed, { seen: [], whole: true })
  await page.close()
})

test('the mailboxes to choose from say how much there is to read, and an empty page leads to a new one', async () => {
  await someone.stack.destination('bob')
  const page = await someone.open('/mail')
  await page
    .getByRole('listitem')
    .filter({ hasText: 'alice' })
    .getByText(/messages$/)
    .waitFor()
  await page.route(/\/destinations\?/, async (route) => await route.fulfill({ json: { items: [], next: null } }))
  await page.reload()
  await page.getByRole('main').getByRole('button', { name: 'Add a mailbox' }).click()
  await page.getByRole('dialog').waitFor()
  await page.close()
})
