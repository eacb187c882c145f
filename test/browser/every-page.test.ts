/**
 * Every page of the dashboard: nothing is cut at any width from a small phone's to a desktop's, in any language, and axe finds nothing in either theme.
 * The gate looks at the first state of each page: at every width in the language of the longest words, with axe in English, and in the others on a phone.
 * With TRIBUTARY_EVERY=all every state is looked at in each language; TRIBUTARY_EVERY=fr,ja does so in these languages only.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { violations } from '../support/browser.ts'
import { cuts, measured } from '../support/cuts.ts'
import { type DashboardPerson, letters, startDashboardPerson, waitMs } from '../support/dashboard-person.ts'
import { inbox } from '../support/inbox.ts'
import { showOutbox } from '../support/outbox-shown.ts'
import { type Outgoing, outgoingOf } from '../support/outgoing.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { until } from '../support/until.ts'

const widths = Array.from({ length: 28 }, (_, nth) => 360 + nth * 40)
const ends = [360, 1280]
const [phone, desk] = [{ width: 390, height: 800 } as const, { width: 1280, height: 800 } as const]
const everything = process.env['TRIBUTARY_EVERY'] ?? ''
const isAll = everything !== ''

interface Looks {
  readonly widths: readonly number[]
  /** At which axe looks for everything, in both themes. */
  readonly sizes: readonly (typeof phone | typeof desk)[]
}

/** What is looked at in a language. The colours and the build of a page are the same in each; its words are not. */
function looksIn(language: string): Looks {
  if (isAll) return { widths, sizes: [desk, phone] }
  if (language === 'en') return { widths: ends, sizes: [desk] }
  return { widths: language === 'de' ? widths : [360], sizes: [] }
}

/** What the browser alone can load is read as text. */
const written = (file: string, pattern: RegExp) =>
  [...readFileSync(file, 'utf8').matchAll(pattern)].map(([, found]) => found ?? '')
const routes = written('dashboard/routes.ts', /path: '([^']+)'/g)
const languages = written('dashboard/words/index.ts', /^ {2}(\w+): '/gm)

/** One state of a page. */
interface Shown {
  readonly path: string
  /** The first of its page's states. */
  readonly isFirst?: boolean
  /** Is there when the page shows what it is about. */
  readonly ready?: string
}

let dashboard: DashboardPerson
let outgoing: Outgoing
let shown: readonly Shown[]

before(async () => {
  dashboard = await startDashboardPerson()
  outgoing = outgoingOf(dashboard.stack)
  const { anna, states } = await seeded(dashboard)
  for (const route of Object.keys(states)) assert.ok(routes.includes(route), route)
  shown = routes.flatMap((route) =>
    (states[route] ?? [{ path: route.replace(':destination', anna) }]).map((one, nth) => ({
      ...one,
      isFirst: nth === 0,
    })),
  )
})
after(async () => {
  await dashboard?.close()
  await outgoing?.remove()
})

/** The mailbox, and the states of the routes that have more than one, or more to wait for than a heading. */
interface Seeded {
  readonly anna: string
  readonly states: Readonly<Record<string, readonly Shown[]>>
}

/** Accounts in every state, a mailbox with mail, one at another server, and something of all else. */
async function seeded(person: DashboardPerson): Promise<Seeded> {
  const { stack, providers } = person
  const post = async (path: string, body: object) => {
    const made = await stack.call('POST', path, body)
    assert.equal(made.status, 201, `${path} ${JSON.stringify(made.body)}`)
    return made.body.id
  }
  const [few, mails, slow] = await Promise.all([
    person.provider(3),
    startPop3Server({ messages: inbox(), password: 'secret' }),
    startPop3Server({ messages: letters(3000), delayMs: 500, capabilities: ['USER', 'UIDL'], password: 'secret' }),
  ])
  providers.push(mails, slow)
  const anna = await stack.destination('anna')
  const theirs = { kind: 'imap', host: 'imap.example.org', user: 'archive@example.org', password: 'secret' }
  const elsewhere = await post('/destinations', theirs)
  const account = async (address: string, port: number, fields: object = {}) =>
    await stack.account({ address, user: address, port, destinationId: anna, ...fields })

  await post('/webhooks', { url: 'https://hooks.example.org/tributary', events: ['run.failed', 'account.recovered'] })
  await post('/oauth/applications', { provider: 'custom', clientId: 'tributary', issuer: 'https://login.example.org' })
  await post('/tokens', { name: 'a script that adds accounts', scopes: ['read'] })

  const smtp = { host: '127.0.0.1', port: 9, tls: 'none' }
  const whole = await account('anna@mail.example', mails.port, { paused: false, smtp, signature: 'Anna' })
  await showOutbox(outgoing, { accountId: whole, destinationId: anna, identity: 'anna@mail.example' })
  await stack.pull(whole)
  const large = await account('orders.archive@studio.example', few.port, { maxMessageBytes: 50, paused: false })
  await stack.pull(large)
  const refused = await account('me@old.example', few.port, { password: 'wrong', paused: false })
  const { id: refusal } = await stack.pull(refused)
  const unreached = await account('me@post.example', 1, { paused: false })
  await stack.pull(unreached)
  const inClear = await account('me@plain.example', few.port, {
    tls: 'implicit',
    tlsMinVersion: 'TLSv1',
    paused: false,
  })
  await stack.pull(inClear)
  const budgeted = await account('me@family.example', few.port, { importBytesPerHour: 1000 })
  await stack.pull(budgeted)
  await account('club@sailing.example', few.port, { destinationId: elsewhere })
  const importing = await account('photos@family.example', slow.port, { paused: false })
  await stack.call('POST', `/accounts/${importing}/pull`)
  const { body: runs } = await stack.call('GET', `/runs?accountId=${whole}`)
  const { body: mail } = await stack.call('GET', `/destinations/${anna}/messages?folder=INBOX`)
  const uid = (subject: string) => {
    const found = mail.items.find((one) => String(one['subject']).includes(subject))
    return `folder=INBOX&uid=${Number(found?.['uid'])}&uidValidity=${Number(mail['uidValidity'])}`
  }

  const states = {
    '/': [{ path: '/', ready: '.chart canvas' }],
    '/mail': [{ path: '/mail', ready: 'main .rows a' }],
    '/mail/:destination': [
      { path: `/mail/${anna}` },
      { path: `/mail/${anna}?folder=INBOX`, ready: '.letter' },
      { path: `/mail/${anna}?${uid('Photos')}`, ready: '.message-text' },
      { path: `/mail/${anna}?${uid('Your order')}`, ready: '.reader-message iframe' },
    ],
    '/mail/:destination/compose': [
      { path: `/mail/${anna}/compose`, ready: '.writer-form' },
      { path: `/mail/${anna}/compose?${uid('Photos')}&as=all`, ready: '.writer-mail .message-text' },
    ],
    '/mail/:destination/outbox': [{ path: `/mail/${anna}/outbox`, ready: '.outgoing' }],
    '/outbox': [{ path: '/outbox', ready: '.rows a' }],
    '/accounts': [{ path: '/accounts', ready: 'tbody .badge' }],
    '/accounts/new': [{ path: '/accounts/new', ready: 'form' }],
    '/guides/:id': ['google', 'microsoft'].map((id) => ({ path: `/guides/${id}`, ready: '.guide-steps' })),
    '/accounts/:id': [
      ...[whole, refused, unreached, inClear].map((id) => ({ path: `/accounts/${id}`, ready: '.timeline' })),
      { path: `/accounts/${large}`, ready: '.set-aside' },
      { path: `/accounts/${budgeted}` },
      { path: `/accounts/${importing}` },
    ],
    '/runs/:id': [{ path: `/runs/${String(runs.items[0]?.['id'])}` }, { path: `/runs/${refusal}` }],
    '/set-aside': [{ path: '/set-aside', ready: '.set-aside' }],
    '/destinations': [{ path: '/destinations', ready: '.who' }],
    '/destinations/:id': [{ path: `/destinations/${anna}`, ready: '.connect' }, { path: `/destinations/${elsewhere}` }],
    '/welcome': [{ path: '/welcome', ready: 'form' }],
  }
  return { anna, states }
}

/** Follows a link of the page, so that nothing is loaded anew. */
async function visit(page: Page, { path, ready }: Shown): Promise<void> {
  await page.evaluate(`{
    const link = Object.assign(document.createElement('a'), { href: ${JSON.stringify(path)} })
    document.body.append(link)
    link.click()
    link.remove()
  }`)
  // (The page's policy lets nothing wait for a function of ours.)
  const isThere = `location.pathname === ${JSON.stringify(path.replace(/\?.*/, ''))} && document.querySelector('main h1') !== null &&
    document.querySelector('main .skeleton') === null && document.querySelector(${JSON.stringify(ready ?? 'main')}) !== null`
  await until(path, async () => await page.evaluate<boolean>(isThere))
}

/** The door, for those who are not signed in. */
async function door(context: BrowserContext): Promise<Page> {
  await measured(context)
  const page = await context.newPage()
  await page.goto(dashboard.served.url)
  await page.locator('h1').waitFor()
  return page
}

test('every route of the dashboard is looked at here, and every language', () => {
  assert.deepEqual(
    shown.filter(({ path }) => path.includes(':')),
    [],
    'a route whose parameter is not known here',
  )
  assert.ok(shown.length >= routes.length && routes.length > 20, routes.join())
  assert.ok(languages.length > 1 && languages.includes('en') && languages.includes('de'), languages.join())
})

/** Two at once: each waits for its own pages. */
describe('every page is whole, and axe finds nothing in it', { concurrency: 2 }, () => {
  for (const language of isAll && everything !== 'all' ? everything.split(',') : languages)
    test(`in ${language}`, async () => {
      const storageState = await dashboard.person.storageState()
      const context = await dashboard.browser.newContext({ locale: language, viewport: desk, storageState })
      const stranger = await dashboard.browser.newContext({ locale: language, viewport: desk })
      for (const each of [context, stranger]) each.setDefaultTimeout(waitMs)
      const found: string[] = []
      const look = async (page: Page, { path }: Shown) => {
        const looks = looksIn(language)
        for (const one of await cuts(page, looks.widths)) found.push(`${language} ${path} at ${one}`)
        for (const size of looks.sizes) {
          await page.setViewportSize(size)
          for (const one of await violations(page)) found.push(`${language} ${path} at ${size.width} px: ${one}`)
        }
      }
      const page = await door(context)
      await page.getByRole('navigation').waitFor()
      assert.equal(await page.evaluate('document.documentElement.lang'), language)
      for (const one of shown.filter(({ isFirst }) => isAll || isFirst)) {
        await page.setViewportSize(desk)
        await visit(page, one)
        await look(page, one)
      }
      await look(await door(stranger), { path: 'the door' })
      await context.close()
      await stranger.close()
      assert.deepEqual(found, [])
    })
})
