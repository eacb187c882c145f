/** The command line on how accounts and destinations log in: what `edit` changes, and when it wants the password. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { homeOf, writeAddress } from '../../src/disk/home.ts'
import { type CompiledCli, compileCli, type Said, said, withPath } from '../support/cli.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'

const storePassword = 'the pässword of the store'

let cli: CompiledCli
let stack: Stack
let home: string
let applicationId: string
const everything: string[] = []

before(async () => {
  cli = compileCli()
  stack = await startStack()
  const url = await stack.app.listen({ host: '127.0.0.1', port: 0 })
  home = mkdtempSync('/tmp/tributary-cli-logins-')
  writeFileSync(join(home, 'admin-token'), `${adminToken}\n`, { mode: 0o600 })
  writeAddress(homeOf(home), url, undefined)
  const application = { provider: 'custom', clientId: 'tributary', issuer: 'http://127.0.0.1:1' }
  applicationId = (await stack.call('POST', '/oauth/applications', application)).body.id
})
after(async () => {
  await stack.stop()
  rmSync(home, { recursive: true })
  cli.remove()
})

async function tributary(words: readonly string[], stdin?: string): Promise<Said> {
  const result = await cli.run(words, { TRIBUTARY_HOME: home }, stdin)
  everything.push(result.out, result.err)
  return result
}

async function json(words: readonly string[], stdin?: string): Promise<Record<string, unknown>> {
  const { code, out, err } = await tributary([...words, '--json'], stdin)
  assert.deepEqual([code, err], [0, ''], `${words.join(' ')}: ${out}`)
  return JSON.parse(out) as Record<string, unknown>
}

const name = 'me@127.0.0.1'
const withPassword = ['--password-file', '-']

test('a destination elsewhere is changed in all its fields, the password by stdin', async () => {
  const add = ['destination', 'add', 'me', '--imap', '127.0.0.1', '--port', '1', '--tls', 'none', ...withPassword]
  const { id } = await json(add, `${storePassword}\n`)
  const port = await tributary(['destination', 'edit', name, '--port', '2'])
  assert.equal(port.code, 1)
  assert.match(port.err, /port.*without the password/)
  const changes = ['--port', '2', '--user', 'you', '--sasl', 'SCRAM-SHA-256', '--tls-min-version', 'TLSv1.3']
  const changed = await json(
    ['destination', 'edit', name, ...changes, '--import-per-hour', '20MB', ...withPassword],
    `${storePassword}\n`,
  )
  assert.deepEqual(
    ['id', 'port', 'user', 'sasl', 'tlsMinVersion', 'importBytesPerHour'].map((field) => changed[field]),
    [id, 2, 'you', 'SCRAM-SHA-256', 'TLSv1.3', 20_000_000],
  )
  const none = ['--import-per-hour', 'none', '--tls-fingerprint', 'none', '--proxy', 'default']
  const free = await json(['destination', 'edit', 'you@127.0.0.1', ...none])
  assert.deepEqual([free['importBytesPerHour'], free['tlsFingerprint'], free['proxy']], [null, null, null])
  const limited = ['destination', 'limit', 'you@127.0.0.1', '--import-per-hour']
  assert.equal((await json([...limited, '1.5GB']))['importBytesPerHour'], 1_500_000_000)
  assert.equal((await json([...limited, 'none']))['importBytesPerHour'], null)
  const nothing = await tributary(['destination', 'edit', 'you@127.0.0.1'])
  assert.equal(nothing.code, 2)
  assert.match(nothing.err, /What is to change\?/)
  const inTheCommand = await tributary(['destination', 'edit', 'you@127.0.0.1', '--password', 'x'])
  assert.match(inTheCommand.err, /unknown option '--password'/)
})

test('it goes over to signing in, which has no password, and back, which needs one', async () => {
  const over = await json([
    'destination',
    'edit',
    'you@127.0.0.1',
    '--sasl',
    'any',
    '--auth',
    'oauth2',
    '--application',
    applicationId,
  ])
  assert.deepEqual([over['auth'], (over['oauth'] as Record<string, unknown>)['state']], ['oauth2', 'signed out'])
  const without = await tributary(['destination', 'edit', 'you@127.0.0.1', '--auth', 'password'])
  assert.equal(without.code, 1)
  const back = await json(
    ['destination', 'edit', 'you@127.0.0.1', '--auth', 'password', ...withPassword],
    `${storePassword}\n`,
  )
  assert.deepEqual([back['auth'], back['oauth']], ['password', null])
})

test('a destination that is hosted here has a password and a limit, and nothing else to be changed', async () => {
  await stack.destination('alice')
  assert.equal((await tributary(['destination', 'edit', 'alice', ...withPassword], 'wonder two\n')).code, 0)
  const { code, err } = await tributary(['destination', 'edit', 'alice', '--user', 'bob', ...withPassword], 'wonder\n')
  assert.equal(code, 1)
  assert.match(err, /user.*is no field of a hosted destination/)
})

test('an account that signs in is changed without a question for a password that it does not have', async () => {
  const { body } = await stack.call('GET', '/destinations')
  const destinationId = body.items[0]?.['id']
  const id = await stack.account({ port: 3, address: 'me@outlook.example', destinationId })
  const sign = ['--auth', 'oauth2', '--application', applicationId]
  const over = await json(['account', 'edit', 'me@outlook.example', ...sign])
  assert.deepEqual([over['id'], over['auth']], [id, 'oauth2'])
  assert.equal((await json(['account', 'edit', 'me@outlook.example', '--port', '4']))['port'], 4)
})

test('the shell completes the ids of applications, and help says what signing in wants', async () => {
  const script = (await tributary(['completion', 'bash'])).out
  const quoted = `COMP_LINE=$1; COMP_POINT=\${#1}; _tributary; printf '%s\n' "\${COMPREPLY[@]}"`
  const main = `tributary() { '${process.execPath}' '${cli.main}' "$@"; }`
  for (const line of ['tributary oauth application show ', 'tributary account add me@x.example --application ']) {
    const program = ['--norc', '-c', `${main}\n${script}\n${quoted}`, 'bash', line]
    const child = spawn('bash', program, { env: withPath({ TRIBUTARY_HOME: home }) })
    assert.equal((await said(child)).out.trimEnd(), applicationId, line)
  }
  const help = await tributary(['account', 'sign-in', '--help'])
  assert.match(help.out, /account edit --auth oauth2 --application ID/)
  assert.match(help.out, /--link +print a link/)
})

test('no password was shown', () => {
  const all = [...everything, ...stack.logged].join('\n')
  assert.ok(!all.includes(storePassword))
})
