/** The headers of every answer follow from the kind of answer that its route gives. */
import assert from 'node:assert/strict'
import type { OutgoingHttpHeaders } from 'node:http'
import { after, before, test } from 'node:test'
import { fastify } from 'fastify'
import { answerHeaders, type AnswerKind, answerKindOf } from '../../api/http/answers.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { letter } from '../support/world.ts'

const hostile = Buffer.from(
  [
    'Message-ID: <hostile@example.org>',
    'Subject: hostile',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/html',
    '',
    '<p>Hello</p><script>alert(1)</script>',
    '--b',
    'Content-Type: text/html; name=page.html',
    'Content-Disposition: attachment; filename=page.html',
    '',
    '<script>alert(2)</script>',
    '--b--',
    '',
  ].join('\r\n'),
)

let stack: Stack
let provider: Awaited<ReturnType<typeof startPop3Server>>
/** What stands in a path for each of its parameters. */
let places: (url: string) => string
before(async () => {
  const large = letter('large', { body: `${'<script>alert(3)</script>'.repeat(3)}\r\n`.repeat(100) })
  const messages = [
    { bytes: hostile, uidl: 'hostile' },
    { bytes: large, uidl: 'large' },
  ]
  ;[stack, provider] = await Promise.all([startStack(), startPop3Server({ messages })])
  await stack.startWorker()
  const destinations = await stack.destination('alice')
  const accounts = await stack.account({
    port: provider.port,
    destinationId: destinations,
    maxMessageBytes: 4000,
  })
  const { id: runs, failure } = await stack.pull(accounts)
  assert.equal(failure, null)
  const entry = (await stack.call('GET', `/accounts/${accounts}/quarantine`)).body.items[0]?.['id']
  const hook = { url: 'https://panel.example.net/', events: ['run.failed'] }
  const webhooks = (await stack.call('POST', '/webhooks', hook)).body.id
  const families: Readonly<Record<string, string>> = { accounts, destinations, runs, webhooks }
  places = (url) => {
    const family = /([^/]+)\/:id(?:\/|$)/.exec(url)?.[1] ?? ''
    const path = url
      .replace(':id', families[family] ?? 'x')
      .replace(':entry', String(entry))
      .replace(':uid', '1')
      .replace(':part', '2')
      .replace(':type', 'gone')
      .replace(/[:*]\w*/g, 'x')
    return path.includes('/messages') && family === 'destinations' ? `${path}?folder=INBOX` : path
  }
})
after(async () => {
  await Promise.all([stack.stop(), provider.close()])
})

async function headersOf(method: string, url: string, headers: Record<string, string> = {}) {
  // A stream of events has no end.
  const answer = await stack.app.inject({ method: method as 'GET', url, headers, payloadAsStream: true })
  answer.stream().destroy()
  return { status: answer.statusCode, headers: answer.headers }
}

function demand(kind: AnswerKind, status: number, headers: OutgoingHttpHeaders, what: string): void {
  const [cache, policy] = [String(headers['cache-control']), String(headers['content-security-policy'])]
  const isFile = (kind === 'download' || kind === 'mail') && status === 200
  assert.equal(headers['x-content-type-options'], 'nosniff', what)
  assert.match(policy, /default-src '(?:none|self)'/, what)
  assert.equal(/\bno-store\b/.test(cache), kind !== 'asset', `${what}: ${cache}`)
  assert.equal(String(headers['content-disposition']).startsWith('attachment'), isFile, `${what}: attachment`)
  const isOfMail = kind === 'mail' || kind === 'mail page'
  assert.equal(/\bsandbox\b/.test(policy), isOfMail, `${what}: sandbox`)
  assert.equal(/allow-scripts/.test(policy), false, what)
  // The page that shows a mail measures it (docs/decisions/0081); nothing in it runs.
  if (kind !== 'mail page') assert.equal(/allow-same-origin/.test(policy), false, what)
  if (isOfMail) assert.match(policy, /^default-src 'none'/)
  if (isOfMail) assert.doesNotMatch(policy, /script-src (?!'none')/)
}

test('each answer of each route has the headers of its kind, and so have its problems', async () => {
  const authorization = `Bearer ${adminToken}`
  const answered = new Map<AnswerKind, number>()
  for (const { method, route } of stack.app.routes) {
    const kind = answerKindOf(route)
    const url = places(route.url)
    const refused = await headersOf(method, url)
    if (refused.status >= 400) demand(kind, refused.status, refused.headers, `${method} ${url} ${refused.status}`)
    if (method !== 'GET') continue
    const { status, headers } = await headersOf(method, url, { authorization })
    assert.notEqual(status, 500, url)
    demand(kind, status, headers, `${method} ${url} ${status}`)
    if (status === 200) answered.set(kind, (answered.get(kind) ?? 0) + 1)
  }
  const counted = ['download', 'mail', 'mail page', 'stream'].map((kind) => answered.get(kind as AnswerKind) ?? 0)
  assert.deepEqual(counted, [6, 3, 1, 1], 'each file was answered with, not a problem in its place')
})

test('what no route answers is in no cache, and of the type that it says', async () => {
  for (const url of ['/%', '/nowhere', '/api/v1/nowhere', `/api/v1/accounts/${'x'.repeat(200)}`]) {
    const { status, headers } = await headersOf('GET', url, { authorization: `Bearer ${adminToken}` })
    demand('private', status, headers, url)
  }
})

test('a route that gives something else than JSON says of what kind that is', async () => {
  const app = fastify()
  await app.register(answerHeaders)
  const schema = { produces: ['text/html'] }
  assert.throws(() => app.get('/forgotten', { schema }, async () => ''), /say of what kind/)
})
