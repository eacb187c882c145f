/** `tributary account sign-in` on a server without a browser: in a pipe and on a terminal, to its end and ended by Ctrl-C. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { homeOf, writeAddress } from '../../src/disk/home.ts'
import { type CompiledCli, compileCli, said, withPath } from '../support/cli.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { type Answering, refused, startTokenService, type TokenService, tokens } from '../support/token-service.ts'
import { until } from '../support/until.ts'

let cli: CompiledCli
let stack: Stack
let server: TokenService
let home: string
before(async () => {
  cli = compileCli()
  ;[stack, server] = await Promise.all([startStack(), startTokenService()])
  await stack.startWorker()
  await stack.destination('alice')
  const url = await stack.app.listen({ host: '127.0.0.1', port: 0 })
  home = mkdtempSync('/tmp/tributary-cli-sign-in-')
  writeFileSync(join(home, 'admin-token'), `${adminToken}\n`, { mode: 0o600 })
  writeAddress(homeOf(home), url, undefined)
  server.device = (_request, nth) => ({
    body: {
      device_code: `device-${nth}`,
      user_code: `CODE-${nth}`,
      verification_uri: `${server.issuer}/activate`,
      expires_in: 600,
      interval: 1,
    },
  })
})
after(async () => {
  assert.deepEqual(stack.undeclared, [])
  await Promise.all([stack.stop(), server.close()])
  rmSync(home, { recursive: true })
  cli.remove()
})

const pending: Answering = () => refused('authorization_pending')
const granted: Answering = (_request, nth) => tokens(String(nth))
const where = () => ['--host', '127.0.0.1', '--tls', 'none', '--port', '1']

function begin(...words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [cli.main, 'account', ...words], { env: withPath({ TRIBUTARY_HOME: home }) })
}

/** The same command on a terminal of its own. */
function beginOnTerminal(...words: readonly string[]): ChildProcess {
  const line = [process.execPath, cli.main, 'account', ...words].map((word) => `'${word}'`).join(' ')
  return spawn('script', ['-qec', line, '/dev/null'], { env: withPath({ TRIBUTARY_HOME: home, TERM: 'dumb' }) })
}

const tributary = async (...words: readonly string[]) => await said(begin(...words))

/** What it says on both streams, without an end of its stdin. */
function watched(child: ChildProcess) {
  let text = ''
  const closed = once(child, 'close') as Promise<[number | null]>
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
      child.emit('said')
    })
  return {
    heard: async (words: RegExp): Promise<void> => {
      while (!words.test(text)) await Promise.race([once(child, 'said'), closed.then(() => assert.fail(text))])
    },
    ended: async () => ({ code: (await closed)[0], text }),
  }
}

async function accountOf(address: string): Promise<Record<string, unknown>> {
  const { body } = await stack.call('GET', `/accounts?q=${encodeURIComponent(address)}`)
  assert.equal(body.items.length, 1, address)
  return body.items[0] ?? {}
}

test('without an application, and for an unknown id, it says so and signs nobody in', async () => {
  const none = await tributary('sign-in', 'me@outlook.example', ...where())
  assert.equal(none.code, 1)
  assert.match(none.err, /There is no application yet/)
  const unknown = await tributary('sign-in', '01J00000000000000000000000')
  assert.equal(unknown.code, 1)
  assert.equal((await tributary('sign-in')).code, 2)
  const application = { provider: 'custom', clientId: 'tributary', issuer: server.issuer }
  assert.equal((await stack.call('POST', '/oauth/applications', application)).status, 201)
})

test('an address that is new is registered and signed in by one command, in a pipe', async () => {
  server.token = granted
  const { code, out, err } = await tributary('sign-in', 'me@outlook.example', ...where())
  assert.equal(code, 0, err)
  assert.match(
    out,
    /fetch the mail of me@outlook\.example, and gather it in the mailbox alice\.\nOpen \S+ in a browser, on any device, and type CODE-\d+\nSigned in\.\n$/,
  )
  assert.match(err, /me@outlook\.example is registered/)
  const { user, auth, oauth } = await accountOf('me@outlook.example')
  assert.deepEqual(
    [user, auth, (oauth as Record<string, unknown>)['state']],
    ['me@outlook.example', 'oauth2', 'signed in'],
  )

  const again = await tributary('--json', 'sign-in', 'me@outlook.example')
  assert.equal(again.code, 0, again.err)
  assert.equal((JSON.parse(again.out) as { state: string }).state, 'signed in')
  assert.match(again.err, /type CODE-/)
})

test('it says how a code ended, and a script sees it', async () => {
  for (const [error, words] of [
    ['access_denied', /did not agree/],
    ['expired_token', /not typed in time/],
  ] as const) {
    server.token = () => refused(error)
    const { code, err } = await tributary('sign-in', `${error}@outlook.example`, ...where())
    assert.equal(code, 4, err)
    assert.match(err, words)
  }
})

test('Ctrl-C ends the waiting and not the sign-in, in a pipe and on a terminal', async () => {
  for (const [address, start] of [
    ['pipe@outlook.example', begin],
    ['terminal@outlook.example', beginOnTerminal],
  ] as const) {
    server.token = pending
    const child = start('sign-in', address, ...where(), '--destination', 'alice')
    const { heard, ended } = watched(child)
    await heard(/type CODE-/)
    if (start === begin) child.kill('SIGINT')
    else child.stdin?.write('\x03')
    const { code, text } = await ended()
    assert.equal(code, 130, text)
    assert.match(text, /goes on without this command/)
    const { id } = await accountOf(address)
    const state = async () => (await stack.call('GET', `/accounts/${String(id)}/oauth`)).body['state']
    assert.equal(await state(), 'waiting')
    server.token = granted
    await until('the sign-in', async () => (await state()) === 'signed in')
  }
})

test('where the provider knows no codes, it leads to a link', async () => {
  const without = await startTokenService(granted, { device_authorization_endpoint: undefined })
  const application = { provider: 'custom', clientId: 'tributary', issuer: without.issuer }
  const { id } = (await stack.call('POST', '/oauth/applications', application)).body
  const { code, err } = await tributary('sign-in', 'link@outlook.example', ...where(), '--application', id)
  assert.equal(code, 1, err)
  assert.match(err, /127\.0\.0\.1:\d+ offers no sign-in by code\. Make a link .*tributary account sign-in \S+ --link/)
  assert.ok(!err.includes('as.device'))
  const link = await tributary('sign-in', 'link@outlook.example', '--link')
  assert.equal(link.code, 0, link.err)
  await without.close()
})

test('a provider that does not answer is told, and the account stays as it is', async () => {
  const before = server.device
  server.device = () => ({ status: 503, body: 'away' })
  const { code, err } = await tributary('sign-in', 'me@outlook.example')
  server.device = before
  assert.equal(code, 1)
  assert.match(err, /does not answer/)
  assert.equal(((await accountOf('me@outlook.example'))['oauth'] as Record<string, unknown>)['state'], 'signed in')
})
