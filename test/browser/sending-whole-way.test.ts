/** What somebody writes in a browser goes the whole way: to a real sink, into Sent, and back as a bounce that is gathered; and the page tells of each. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ImapFlow } from 'imapflow'
import type { Page } from 'playwright-core'
import { violations } from '../support/browser.ts'
import { report } from '../support/bounces.ts'
import { type DashboardPerson, startDashboardPerson } from '../support/dashboard-person.ts'
import { fillFolder } from '../support/large-folder.ts'
import { quickSending, untilMails } from '../support/outgoing.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { honest } from '../support/sasl-server.ts'
import { type ScriptedSmtp, startScriptedSmtp } from '../support/scripted-smtp.ts'
import { until } from '../support/until.ts'

let someone: DashboardPerson
let provider: ScriptedServer
let smtp: ScriptedSmtp
let destination: string
let account: string
/** What the provider says to MAIL FROM; undefined: it takes the sender. */
let refusal: string | undefined

const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const hostile = `From: Ada <ada@example.org>\nTo: me@example.net\nSubject: Offers\nMessage-ID: <offers@example.org>
Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html; charset=utf-8\n
<table bgcolor="#eef6ff"><tr><td style="color:#036" onclick="x()">Big news <img src="cid:pic@x" width="9"></td></tr></table>
<img src="https://track.example/x.png" onerror="x()"><a href="javascript:x()">act</a><script>evil()</script><form action="https://x.example"><input></form>
--b\nContent-Type: image/png\nContent-ID: <pic@x>\nContent-Transfer-Encoding: base64\n\n${pixel}\n--b--\n`

before(async () => {
  const auth = { mechanisms: ['PLAIN'], plays: honest('secret') }
  ;[someone, provider, smtp] = await Promise.all([
    startDashboardPerson(),
    startPop3Server({ messages: [], user: 'me', password: 'secret' }),
    startScriptedSmtp({
      auth,
      acts: {
        MAIL: () => refusal,
        RCPT: (line) => (line.includes('gone@') ? '550 5.1.1 <gone@example.org> No such user here' : undefined),
      },
      dot: ({ bytes }) => {
        // What is sent to itself arrives.
        if (bytes.includes('tributary-test-')) provider.deliver({ bytes, uidl: 'test' })
        return undefined
      },
    }),
  ])
  someone.providers.push(provider, smtp)
  const { stack } = someone
  await stack.startWorker({ outbox: stack.world.outboxFiles.folder, send: quickSending })
  destination = await stack.destination('alice')
  account = await stack.account({
    destinationId: destination,
    address: 'me@example.net',
    port: provider.port,
    smtp: { host: '127.0.0.1', port: smtp.port, tls: 'none' },
  })
  await fillFolder({
    port: stack.dovecot.imapPort,
    user: 'alice',
    password: 'wonder',
    folder: 'Few',
    count: 1,
    message: () => ({ text: hostile, arrived: new Date(), flags: '\\Seen' }),
  })
})
after(async () => await someone?.close())

const open = async (path: string) => await someone.open(path)
const compose = async (query = '') => await open(`/mail/${destination}/compose${query}`)
const field = (page: Page, name: string) => page.getByRole('textbox', { name, exact: true })
const send = async (page: Page, subject: string) => {
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.getByText('Sent. It can be undone for 10 seconds.').waitFor()
  // A slow machine needs longer than that to look at it as it waits.
  await due(subject, Date.now() + 3_600_000)
}
const letter = (page: Page, subject: string) => page.locator('.outgoing').filter({ hasText: subject })
const due = async (subject: string, atMs: number) => {
  const { body } = await someone.stack.call('GET', `/destinations/${destination}/outbox`)
  const found = body.items.find((one) => one['subject'] === subject && one['state'] === 'queued')
  assert.ok(found, subject)
  await someone.stack.world.sendings.change(String(found['id']), (entry) => ({ ...entry, nextAttemptAtMs: atMs }))
}
/** The ten seconds in which it could be called back are over. */
const goesNow = async (subject: string) => await due(subject, Date.now())

test('pressing Verify sends a mail and gathers it, and the page sees the address become verified, or refused in the provider’s words', async () => {
  const page = await open(`/accounts/${account}`)
  await page.getByText('Not verified yet.').waitFor()
  assert.deepEqual(await violations(page), [])
  refusal = '553 5.7.1 Sender address rejected: not owned by user me'
  await page.getByRole('button', { name: 'Verify', exact: true }).click()
  await page.getByText(refusal).waitFor()
  await page.getByText('add the address there').waitFor()
  refusal = undefined
  await page.getByRole('button', { name: 'Verify again' }).click()
  await page.getByText(/^Verified on /).waitFor()
  await page.close()
})

test('files are dropped and pasted; a message is undone, sent, and seen in the outbox as it goes and in Sent', async () => {
  const [page, outbox] = [await compose(), await open(`/mail/${destination}/outbox`)]
  await field(page, 'To').fill('ann@example.org;')
  await field(page, 'Subject').fill('The plan')
  await field(page, 'Message').fill('It is attached.')
  await page.evaluate(`(() => {
    const form = document.querySelector('.writer-form')
    for (const [kind, name, key] of [['drop', 'dropped.txt', 'dataTransfer'], ['paste', 'pasted.png', 'clipboardData']]) {
      const data = new DataTransfer()
      data.items.add(new File([name], name, { type: kind === 'drop' ? 'text/plain' : 'image/png' }))
      const made = kind === 'drop' ? new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })
        : new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
      form.dispatchEvent(made)
    }
  })()`)
  await page.getByRole('button', { name: 'Remove dropped.txt' }).waitFor()
  await page.getByRole('button', { name: 'Remove pasted.png' }).waitFor()
  await send(page, 'The plan')
  await until('a bar that grows shorter', async () => {
    const { value, max } = await page.evaluate<{ value: number; max: number }>(
      `(({ value, max }) => ({ value, max }))(document.querySelector('.toast progress'))`,
    )
    return value > 0 && value < max && max === 10_000
  })
  await page.getByRole('button', { name: 'Undo' }).click()
  await field(page, 'Message').waitFor()
  await letter(outbox, 'The plan').getByText('Called back').waitFor()
  await send(page, 'The plan')
  await letter(outbox, 'The plan').getByText('Waiting').waitFor()
  await goesNow('The plan')
  await letter(outbox, 'The plan').getByText('The provider has taken it for everybody.').waitFor()
  const sent = smtp.mails.at(-1)?.bytes.toString() ?? ''
  assert.match(sent, /filename=dropped\.txt/)
  assert.match(sent, /filename=pasted\.png/)
  assert.deepEqual(await violations(outbox), [])
  await outbox.setViewportSize({ width: 360, height: 740 })
  assert.deepEqual(await violations(outbox), [])
  const inSent = await until('the copy in Sent', async () => {
    const { body } = await someone.stack.call('GET', `/destinations/${destination}/messages?folder=Sent`)
    return body.items[0]
  })
  await page.goto(`${someone.served.url}/mail/${destination}?folder=Sent&uid=${String(inSent['uid'])}`)
  await page.getByRole('region', { name: 'What became of it' }).getByText('Sent', { exact: true }).waitFor()
  await Promise.all([page.close(), outbox.close()])
})

test('one that is refused says what to do, and one that comes back stands with its message and in the outbox', async () => {
  const page = await compose()
  await field(page, 'To').fill('gone@example.org;')
  await field(page, 'Subject').fill('Refused')
  await field(page, 'Message').fill('Hello.')
  await send(page, 'Refused')
  await goesNow('Refused')
  await page.goto(`${someone.served.url}/mail/${destination}/outbox`)
  const refused = letter(page, 'Refused')
  await refused.getByText('The provider does not take these addresses. Check how they are written').waitFor()
  await refused.getByText('550 5.1.1 <gone@example.org> No such user here').waitFor()
  const { body } = await someone.stack.call('GET', `/destinations/${destination}/outbox?state=accepted`)
  const plan = body.items.find(({ subject }) => subject === 'The plan')
  const returned = `Message-ID: <${String(plan?.['messageId'])}>\nSubject: The plan`
  const recipient =
    'Final-Recipient: rfc822; ann@example.org\nAction: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 5.2.2 The mailbox is full'
  provider.deliver({ bytes: Buffer.from(report({ recipient, returned }).replaceAll('\n', '\r\n')), uidl: 'bounce' })
  await someone.stack.pull(account)
  const bounced = letter(page, 'The plan').filter({ hasText: 'Came back from ann@example.org' })
  await bounced.getByText('552 5.2.2 The mailbox is full').waitFor()
  assert.deepEqual(await violations(page), [])
  const { body: copies } = await someone.stack.call('GET', `/destinations/${destination}/messages?folder=Sent`)
  const copy = copies.items.find(({ subject }) => subject === 'The plan')
  await page.goto(`${someone.served.url}/mail/${destination}?folder=Sent&uid=${String(copy?.['uid'])}`)
  await page.getByRole('region', { name: 'What became of it' }).getByText('552 5.2.2 The mailbox is full').waitFor()
  await page.close()
})

test('what is passed on looks as it did and harms nobody, and its draft goes on in another program and here', async () => {
  const page = await compose('?folder=Few&uid=1&as=forward')
  const passed = page.frameLocator('.passed-on iframe')
  await passed.getByText('Big news').waitFor()
  await field(page, 'To').fill('ann@example.org;')
  await page.locator('.formatted').press('Control+Home')
  await page.keyboard.type('Look at this.')
  await page.getByText('Draft saved').waitFor()
  assert.deepEqual(await violations(page), [])
  await page.setViewportSize({ width: 360, height: 740 })
  assert.deepEqual(await violations(page), [])
  await page.keyboard.press('Escape')
  // What was typed after it was saved is saved by then, too.
  await page.getByRole('link', { name: 'New message' }).waitFor()
  const { dovecot } = someone.stack
  const auth = { user: 'alice', pass: 'wonder' }
  const client = new ImapFlow({
    host: '127.0.0.1',
    port: dovecot.imapPort,
    secure: false,
    auth,
    logger: false,
    tls: { rejectUnauthorized: false },
  })
  await client.connect()
  await client.mailboxOpen('Drafts')
  const draft = await client.fetchOne('*', { uid: true, source: true, flags: true })
  assert.ok(draft && draft.source !== undefined)
  assert.ok(draft.flags?.has('\\Draft'))
  const written = draft.source.toString()
  assert.match(written, /Look at this\./)
  const other = written
    .replaceAll('Look at this.', 'Look at that.')
    .replace(/^Subject: .*$/m, 'Subject: From elsewhere')
  await client.append('Drafts', other, ['\\Draft', '\\Seen'])
  await client.messageDelete(String(draft.uid), { uid: true })
  const theirs = await client.fetchOne('*', { uid: true })
  assert.ok(theirs)
  await client.logout()
  await page.goto(`${someone.served.url}/mail/${destination}/compose?drafts=Drafts&draft=${theirs.uid}`)
  await passed.getByText('Big news').waitFor()
  assert.equal(await field(page, 'Subject').inputValue(), 'From elsewhere')
  assert.equal(await passed.getByText('Look at that.').count(), 0)
  assert.match(await page.locator('.formatted').innerText(), /^Look at that\./)
  const before = smtp.mails.length
  await send(page, 'From elsewhere')
  await goesNow('From elsewhere')
  await untilMails(smtp, before + 1)
  const whole = smtp.mails.at(-1)?.bytes.toString() ?? ''
  const sent = whole.replaceAll('=\r\n', '')
  assert.match(sent, /multipart\/related/)
  assert.match(sent, /<td style=3D"color:#036">Big news <img width=3D"9" src=3D"cid:([\w-]+)@tributary">/)
  const [, cid = ''] = /src=3D"cid:([\w-]+)@tributary"/.exec(sent) ?? []
  assert.match(sent, new RegExp(`Content-I[dD]: <${cid}@tributary>`))
  assert.ok(whole.replaceAll('\r\n', '').includes(pixel))
  assert.doesNotMatch(sent, /track\.example|onclick|onerror|javascript:|evil\(|<form|<script/)
  await page.close()
})
