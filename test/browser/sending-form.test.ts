/** One form asks once for reading and for sending: what is found, what is tried, what is kept. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { Discoveries } from '../../src/discover/discoveries.ts'
import { violations } from '../support/browser.ts'
import { certificate } from '../support/certificates.ts'
import { closeAll } from '../support/closing.ts'
import { surroundingsOf } from '../support/internet.ts'
import { type OpenedPage, openPage } from '../support/opened-page.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { honest } from '../support/sasl-server.ts'
import { type ScriptedSmtp, startScriptedSmtp } from '../support/scripted-smtp.ts'

const own = certificate('localhost')
let opened: OpenedPage
let pop3: ScriptedServer
let smtp: ScriptedSmtp
let page: Page
let destinationId: string
before(async () => {
  const auth = { mechanisms: ['PLAIN'], plays: honest('secret') }
  ;[pop3, smtp] = await Promise.all([
    startPop3Server({ messages: [], user: 'me', password: 'secret' }),
    startScriptedSmtp({ tls: own, auth }),
  ])
  const internet = {
    srv: {
      '_pop3._tcp.example.net': [{ name: 'pop.example.net', port: 110, priority: 0, weight: 1 }],
      '_submission._tcp.example.net': [{ name: 'smtp.example.net', port: 587, priority: 0, weight: 1 }],
    },
  }
  opened = await openPage(() => ({ discoveries: new Discoveries(() => surroundingsOf(internet)) }))
  ;({ page } = opened)
  destinationId = await opened.stack.destination('alice')
})
after(async () => {
  await closeAll({ opened: () => opened?.close(), pop3: () => pop3?.close(), smtp: () => smtp?.close() })
})

const button = (name: string) => page.getByRole('button', { name, exact: true })
const wish = () => page.getByRole('checkbox', { name: 'I want to answer as this address' })
const account = async () => (await opened.stack.call('GET', '/accounts')).body.items[0] ?? {}

test('whoever adds an account is to answer as its address; the server is found, and one test tries both', async () => {
  await page.goto(`${opened.served.url}/accounts/new?to=${destinationId}`)
  await page.getByLabel('E-mail address').fill('me@example.net')
  await page.getByLabel('Its password').fill('secret')
  assert.ok(await wish().isChecked())
  await page.getByText('It sends by smtp.example.net.').waitFor()
  await page.getByText('Server settings, by hand').click()
  await page.getByLabel('POP3 server').fill('127.0.0.1')
  await page.getByLabel('Encryption', { exact: true }).selectOption({ index: 2 })
  await page.getByLabel('Port', { exact: true }).fill(String(pop3.port))
  await page.getByLabel('User name').fill('me')
  await page.getByText('Sending: server and name, by hand').click()
  await page.getByLabel('Server for sending (SMTP)').fill('127.0.0.1')
  await page.getByLabel('Port for sending').fill(String(smtp.port))
  await page.getByLabel('Your name in what you send').fill('Anna Example')
  await button('Test').click()
  await page.getByText('It works').first().waitFor()
  await page.getByText('Sending does not work yet.').waitFor()
  await page.getByText('its certificate does not fit').waitFor()
  assert.deepEqual(await violations(page), [])
  await button('Add and start').click()
  await page.getByRole('heading', { level: 1, name: 'me@example.net' }).waitFor()
  await page.locator('.facts').getByText(`127.0.0.1:${smtp.port}`).waitFor()
  const made = await account()
  assert.equal(made['senderName'], 'Anna Example')
  assert.deepEqual((made['smtp'] as { tls: string }).tls, 'starttls')
})

test('the form that changes an account has them too, tries both, and switches sending off', async () => {
  const id = String((await account())['id'])
  const { port } = smtp
  const server = { host: '127.0.0.1', port, tls: 'starttls', tlsVerify: false }
  await opened.stack.call('PATCH', `/accounts/${id}`, { smtp: server, password: 'secret' })
  await page.goto(`${opened.served.url}/accounts/${id}`)
  const dialog = page.getByRole('dialog')
  await page.getByRole('button', { name: /^Actions for/ }).click()
  await page.getByRole('menuitem', { name: 'Edit' }).click()
  await dialog.getByRole('button', { name: 'Test', exact: true }).click()
  await dialog.getByText('Sending works, by 127.0.0.1.').waitFor()
  assert.deepEqual(await violations(page), [])
  await wish().uncheck()
  await dialog.getByRole('button', { name: 'Save', exact: true }).click()
  await page.locator('.facts').getByText('nothing: it is not to send').waitFor()
  assert.equal((await account())['smtp'], false)
})
