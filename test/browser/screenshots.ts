/** `npm run screenshots`: each page in both themes, and a few on a phone, in docs/screenshots/. The mail is made up, all else is real. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { keys } from '../../src/redis/key-names.ts'
import { serve, signIn, startBrowser } from '../support/browser.ts'
import { inbox } from '../support/inbox.ts'
import { showOutbox } from '../support/outbox-shown.ts'
import { type Outgoing, outgoingOf } from '../support/outgoing.ts'
import { type Behaviour, startPop3Server } from '../support/pop3-server.ts'
import { converse } from '../support/reader.ts'
import { type Stack, startStack } from '../support/stack.ts'

const folder = 'docs/screenshots'
const hourMs = 3_600_000
const dayMs = 24 * hourMs

const subjects = [
  'Photos of the sailing weekend',
  'Your invoice for November',
  'Re: dinner on Friday?',
  'Minutes of the last meeting',
  'The new timetable',
  'Thank you for your order',
  'A question about the drawings',
]
const senders = ['Jonas <jonas@sailing.example>', 'Shop <orders@shop.example>', 'Mum <rosa@family.example>']

const letters = (count: number) =>
  Array.from({ length: count }, (_, nth) => ({
    bytes: Buffer.from(
      [
        `From: ${senders[nth % senders.length]}`,
        `Subject: ${subjects[nth % subjects.length]}`,
        `Date: ${new Date(Date.now() - nth * hourMs).toUTCString()}`,
        `Message-ID: <${nth}@mail.example>`,
        '',
        'Hello, and see you soon. '.repeat(40 + ((nth * 37) % 400)),
        '',
      ].join('\r\n'),
    ),
  }))

const provider = async (behaviour: Partial<Behaviour>) =>
  await startPop3Server({ messages: letters(40), password: 'secret', ...behaviour })

/** As if mail had come for a month: more by day than by night. */
async function backdate({ redis }: Stack): Promise<void> {
  const now = Date.now()
  const slots: Record<string, string> = {}
  const slot = (messages: number, failed: number) => `${messages} ${messages * 48_211} 40 ${failed}`
  for (let nth = 1; nth < 48; nth += 1) {
    const hour = Math.floor(now / hourMs) - nth
    const light = Math.max(0.1, 0.55 + Math.sin((((hour % 24) - 7) / 24) * 2 * Math.PI))
    slots[`h${hour}`] = slot(Math.round(60 * light * (0.7 + ((hour * 7919) % 13) / 20)), nth % 17 === 3 ? 2 : 0)
  }
  for (let nth = 1; nth < 30; nth += 1) {
    const day = Math.floor(now / dayMs) - nth
    slots[`d${day}`] = slot(Math.round((day % 7 > 4 ? 500 : 900) * (0.8 + ((day * 31) % 11) / 20)), 0)
  }
  await redis.hset(keys.tally, slots)
}

interface Known {
  readonly importing: string
  readonly failing: string
  /** Some of its mail was set aside. */
  readonly large: string
  /** A mailbox to be read. */
  readonly anna: string
}

/** Some accounts in every state, one of them in its first import. */
async function settle(stack: Stack, outgoing: Outgoing): Promise<Known> {
  const destinationId = await stack.destination('inbox')
  const good = await provider({})
  // It answers a message at a time, and takes its time for that.
  const slow = await provider({ messages: letters(2400), delayMs: 30, capabilities: ['USER', 'UIDL', 'TOP'] })
  const account = async (address: string, port: number, fields: object = {}) =>
    await stack.account({ address, user: address, port, destinationId, ...fields })
  for (const name of ['me@mail.example', 'me@uni.example', 'info@studio.example', 'club@sailing.example']) {
    const id = await account(name, good.port)
    await stack.call('POST', `/accounts/${id}/resume`)
    await stack.pull(id)
  }
  await stack.pull(await account('orders@studio.example', good.port))
  await account('photos@family.example', good.port)
  const large = await account('jobs@studio.example', good.port, { maxMessageBytes: 10_500 })
  await stack.call('POST', `/accounts/${large}/resume`)
  await stack.pull(large)
  const failing = await account('me@old.example', good.port, { password: 'wrong', paused: false })
  await account('me@post.example', 1, { paused: false })
  const anna = await stack.destination('anna')
  const { port } = await provider({ messages: inbox() })
  const smtp = { host: '127.0.0.1', port: 9, tls: 'none' }
  const sender = { destinationId: anna, smtp, senderName: 'Anna Lund', signature: 'Anna' }
  const annas = await account('anna@mail.example', port, sender)
  await stack.pull(annas)
  await showOutbox(outgoing, { accountId: annas, destinationId: anna, identity: 'anna@mail.example' })
  for (const folder of ['Sailing', 'Studio'])
    await converse(stack.dovecot.imapPort, ['a LOGIN anna wonder', `b CREATE ${folder}`, 'c LOGOUT'])
  await converse(stack.dovecot.imapPort, [
    'a LOGIN anna wonder',
    'b SELECT INBOX',
    'c STORE 5:8,10:12 +FLAGS (\\Seen)',
    'd STORE 3,9 +FLAGS (\\Seen \\Flagged)',
    'e LOGOUT',
  ])
  const importing = await account('me@family.example', slow.port)
  await stack.pull(failing)
  await stack.call('POST', `/accounts/${importing}/pull`)
  return { importing, failing, large, anna }
}

const shots: readonly (readonly [string, (page: Page, known: Known) => Promise<void>])[] = [
  [
    'overview',
    async (page) => {
      await page.getByRole('link', { name: 'Overview', exact: true }).click()
      await page.locator('.chart canvas').waitFor()
      await page.getByText(/[1-9]\d* of [\d,]+ messages/).waitFor()
    },
  ],
  [
    'accounts',
    async (page) => {
      await page.getByRole('link', { name: 'Accounts', exact: true }).click()
      await page.locator('tbody tr').nth(5).waitFor()
    },
  ],
  [
    'account-importing',
    async (page, { importing }) => {
      await page.goto(new URL(`/accounts/${importing}`, page.url()).href)
      await page.getByText(/[1-9]\d* of [\d,]+ messages/).waitFor()
    },
  ],
  [
    'account-failing',
    async (page, { failing }) => {
      await page.goto(new URL(`/accounts/${failing}`, page.url()).href)
      await page.locator('.callout').first().waitFor()
      await page.locator('.timeline').waitFor()
    },
  ],
  [
    'account',
    async (page, { large }) => {
      await page.goto(new URL(`/accounts/${large}`, page.url()).href)
      await page.locator('.set-aside').first().waitFor()
      await page.locator('.timeline summary').last().click()
      await page.locator('.transcript').waitFor()
    },
  ],
  [
    'mail',
    async (page, { anna }) => {
      await page.goto(new URL(`/mail/${anna}?folder=INBOX`, page.url()).href)
      await page.locator('.letter').nth(8).waitFor()
    },
  ],
  [
    'mail-message',
    async (page) => {
      await page.locator('.letter', { hasText: 'Your order' }).click()
      await page.frameLocator('iframe').getByText('Follow your parcel').waitFor()
    },
  ],
  [
    'mail-text',
    async (page, { anna }) => {
      await page.goto(new URL(`/mail/${anna}?folder=INBOX`, page.url()).href)
      await page.locator('.letter', { hasText: 'Photos' }).click()
      await page.locator('.message-text').waitFor()
    },
  ],
  [
    'compose',
    async (page) => {
      await page.getByRole('link', { name: 'Reply', exact: true }).click()
      await page.locator('textarea:focus').waitFor()
      await page.keyboard.type(
        'Hello Jonas,\n\nwhat a weekend! I would like all of Saturday evening, and the one with the seal.',
      )
      await page.getByText('Draft saved').waitFor()
    },
  ],
  [
    'outbox',
    async (page, { anna }) => {
      await visit(page, `/mail/${anna}/outbox`)
      await page.locator('.outgoing').first().waitFor()
    },
  ],
  ['destinations', async (page) => await visit(page, '/destinations')],
  ['add-account', async (page) => await visit(page, '/accounts/new')],
  ['settings', async (page) => await visit(page, '/settings')],
]

/** What a usual window would cut in the middle of what the picture is about. */
const tall: Readonly<Record<string, number>> = { overview: 1130, account: 1500, outbox: 1180 }

/** A page that has what it shows in a moment. */
async function visit(page: Page, path: string): Promise<void> {
  await page.goto(new URL(path, page.url()).href)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.locator('.skeleton').first().waitFor({ state: 'detached' })
}

const [stack, browser] = await Promise.all([startStack(), startBrowser()])
const outgoing = outgoingOf(stack)
const served = await serve(stack)
try {
  mkdirSync(folder, { recursive: true })
  await stack.startWorker()
  await backdate(stack)
  // Before anything is set up.
  const strangers = await Promise.all(
    (['light', 'dark'] as const).map(async (colorScheme) => {
      const context = await browser.newContext({ colorScheme, locale: 'en', viewport: { width: 1280, height: 800 } })
      const page = await context.newPage()
      await page.goto(served.url)
      await page.getByRole('heading', { name: 'Sign in' }).waitFor()
      await page.screenshot({ path: join(folder, `sign-in-${colorScheme}.png`) })
      await signIn(page, served.url)
      await page.getByRole('heading', { name: 'Welcome' }).waitFor()
      await page.screenshot({ path: join(folder, `welcome-${colorScheme}.png`) })
      return context
    }),
  )
  const storageState = await strangers[0]?.storageState()
  const known = await settle(stack, outgoing)
  for (const [theme, colorScheme, width, height] of [
    ['light', 'light', 1280, 860],
    ['dark', 'dark', 1280, 860],
    ['phone', 'light', 390, 844],
  ] as const) {
    const context = await browser.newContext({
      ...(storageState === undefined ? {} : { storageState }),
      colorScheme,
      locale: 'en',
      viewport: { width, height },
    })
    const page = await context.newPage()
    await page.goto(served.url)
    for (const [name, go] of shots) {
      await go(page, known)
      await page.setViewportSize({ width, height: theme === 'phone' ? height : (tall[name] ?? height) })
      await page.evaluate('scrollTo(0, 0)')
      await page.screenshot({ path: join(folder, `${name}-${theme}.png`), animations: 'disabled' })
      await page.setViewportSize({ width, height })
    }
    await context.close()
  }
} finally {
  await browser.close()
  await served.close()
  await stack.stop()
  await outgoing.remove()
}
// The providers may still be waited for.
process.exit()
