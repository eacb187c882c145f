import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { buildServer } from '../../api/server.ts'
import { pending } from '../../src/deadline.ts'
import { homeOf, writeAddress } from '../../src/disk/home.ts'
import { certificate } from '../support/certificates.ts'
import { type CompiledCli, compileCli, type Said, said, withPath } from '../support/cli.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { readFolder } from '../support/reader.ts'
import { startSmtpServer } from '../support/smtp-server.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { letter } from '../support/world.ts'

const providerPassword = 'p0p-pässword'
const loginPassword = 'wonder of alice'
const smtpPassword = 's3nd it on'
const messages = Array.from({ length: 60 }, (_, nth) => ({ bytes: letter(`letter ${nth}`), uidl: `u${nth}` }))

interface Given {
  readonly stdin?: string
  readonly env?: NodeJS.ProcessEnv
}

let cli: CompiledCli
let stack: Stack
let provider: ScriptedServer
let url: string
let folder: string
let env: NodeJS.ProcessEnv
const everything: string[] = []

before(async () => {
  cli = compileCli()
  ;[stack, provider] = await Promise.all([
    startStack(),
    startPop3Server({ messages, password: providerPassword, delayMs: 5 }),
  ])
  await stack.startWorker()
  url = await stack.app.listen({ host: '127.0.0.1', port: 0 })
  folder = mkdtempSync('/tmp/tributary-cli-')
  // As the API leaves it behind.
  writeFileSync(join(folder, 'admin-token'), `${adminToken}\n`, { mode: 0o600 })
  writeAddress(homeOf(folder), url, undefined)
  env = { TRIBUTARY_HOME: folder }
})
after(async () => {
  await Promise.all([stack.stop(), provider.close()])
  rmSync(folder, { recursive: true })
  cli.remove()
})

async function tributary(words: readonly string[], given: Given = {}): Promise<Said> {
  const result = await cli.run(words, { ...env, ...given.env }, given.stdin)
  everything.push(result.out, result.err)
  return result
}

/** What must go well, and is JSON. */
async function json(words: readonly string[], stdin?: string): Promise<Record<string, unknown>> {
  const { code, out, err } = await tributary([...words, '--json'], stdin === undefined ? {} : { stdin })
  assert.deepEqual([code, err], [0, ''], `${words.join(' ')}: ${out}`)
  return JSON.parse(out) as Record<string, unknown>
}

const server = () => [
  '--host',
  '127.0.0.1',
  '--port',
  String(provider.port),
  '--tls',
  'none',
  '--user',
  'me',
  '--paused',
]

test('from nothing to mail: a destination, an account, a test, a run that is watched to its end', async () => {
  const destination = await json(['destination', 'add', 'alice'], `${loginPassword}\n`)
  assert.equal(destination['login'], 'alice')
  const added = await tributary(['account', 'add', 'me@example.net', ...server()], { stdin: `${providerPassword}\n` })
  assert.deepEqual([added.code, added.out.length], [0, 27], added.err)
  const tested = await tributary(['account', 'test', 'me@example.net'])
  assert.match(tested.out, /^It works: 60 messages, /)
  const listed = await tributary(['account', 'list'])
  assert.match(listed.out, /^ADDRESS +SERVER +STATUS +NEXT +LAST RUN\nme@example\.net  127\.0\.0\.1  Paused +never\n$/)
  const pulled = await tributary(['account', 'pull', 'ME@example.net', '--watch'])
  assert.equal(pulled.code, 0)
  assert.match(pulled.out, /^60 listed, 60 stored \([\d.]+ kB\), [\d.]+ s\n$/)
  assert.equal((await readFolder(stack.dovecot.imapPort, 'alice', loginPassword)).length, 60)
  const runs = (await json(['run', 'list', 'me@example.net'])) as { items?: { id: string }[] }
  const shown = await tributary(['run', 'show', runs.items?.[0]?.id ?? ''])
  assert.match(shown.out, /^state +Done$/m)
})

test('runs of all accounts have the address beside the id; lists are narrowed; states are in the words of the dashboard', async () => {
  const all = await tributary(['run', 'list'])
  assert.match(all.out, /^ID +ADDRESS +ACCOUNT .*\n\S{26} +me@example\.net +\S{26} /)
  const listed = await tributary(['destination', 'list'])
  assert.match(listed.out, /^alice +hosted +Takes mail$/m)
  await json(['token', 'create', 'of alice', '--destination', 'alice'])
  await json(['token', 'create', 'of all'])
  const { items } = (await json(['token', 'list', '--destination', 'alice'])) as { items?: { name: string }[] }
  assert.deepEqual(
    items?.map(({ name }) => name),
    ['of alice'],
  )
  const audit = (await json(['audit', '--since', '2100-01-01'])) as { items?: unknown[] }
  assert.deepEqual(audit.items, [])
  const none = await tributary(['sample'])
  assert.equal(none.code, 1)
  assert.match(none.err, /This instance has no sample mail/)
})

test('sample mail is gathered by one command', async (t) => {
  const sample = { host: '127.0.0.1', port: provider.port, password: providerPassword }
  const other = await buildServer({ ...stack.world, sample })
  t.after(async () => {
    other.server.closeAllConnections()
    await other.close()
  })
  const at = await other.listen({ host: '127.0.0.1', port: 0 })
  const gathered = await tributary(['sample', '--watch', '--url', at, '--token-file', join(folder, 'admin-token')])
  assert.equal(gathered.code, 0, gathered.err)
  assert.match(gathered.out, /60 listed, 60 stored/)
  assert.match(gathered.err, /tributary mail list sample/)
  assert.match((await tributary(['account', 'list', '-q', 'you@example.net'])).out, /Up to date/)
  assert.equal((await tributary(['account', 'remove', 'you@example.net', '--yes'])).code, 0)
  assert.equal((await tributary(['destination', 'remove', 'sample', '--purge', '--yes'])).code, 0)
})

test('an application is added, listed, shown, changed and removed, and its secret is in no command and no output', async () => {
  const secret = 'the s3cret of an application'
  const words = ['oauth', 'application', 'add', 'microsoft', '--client-id', '6f3c', '--secret-file', '-']
  const added = await tributary(words, { stdin: `${secret}\n` })
  assert.equal(added.code, 0, added.err)
  const id = added.out.trim()
  assert.match(added.err, /redirect URI has to be .*\/api\/v1\/oauth\/callback$/m)
  assert.match((await tributary(['oauth', 'application', 'list'])).out, new RegExp(`${id} +microsoft +6f3c`))
  const edit = ['oauth', 'application', 'edit', id, '--tenant', 'consumers', '--address', 'me@example.net']
  const refused = await tributary(edit)
  assert.deepEqual([refused.code, refused.err.includes('/tenant cannot be changed without the secret')], [1, true])
  assert.equal((await tributary([...edit, '--secret-file', '-'], { stdin: `${secret}\n` })).code, 0)
  const { tenant, addresses, hasClientSecret } = await json(['oauth', 'application', 'show', id])
  assert.deepEqual(
    { tenant, addresses, hasClientSecret },
    { tenant: 'consumers', addresses: ['me@example.net'], hasClientSecret: true },
  )
  const wrong = await tributary(['oauth', 'application', 'add', 'custom', '--client-id', 'x'])
  assert.deepEqual([wrong.code, wrong.err.includes('/issuer is required')], [1, true], wrong.err)
  assert.equal((await tributary(['oauth', 'application', 'remove', id])).code, 2)
  assert.equal((await tributary(['oauth', 'application', 'remove', id, '--yes'])).code, 0)
  assert.match((await tributary(['oauth', 'application', 'list'])).err, /There is none/)
  assert.ok(!everything.join('\n').includes(secret))
})

test('on a terminal a bar moves and is gone at the end, and a password is asked for and not shown', async () => {
  const line = (words: readonly string[]) => [process.execPath, cli.main, ...words].map((word) => `'${word}'`).join(' ')
  const bar = /you@example\.net {2}\[#*-*\] +\d+% {2}\d+ of 60 {2}/
  const drawn = pending()
  const terminal = async (words: readonly string[], typed: readonly (readonly [RegExp, string])[]) => {
    const child = spawn('script', ['-qefc', line(words), '/dev/null'], { env: withPath({ ...env, TERM: 'xterm' }) })
    const waiting = [...typed]
    let seen = ''
    child.stdout.on('data', (piece: Buffer) => {
      seen += piece.toString()
      const [next] = waiting
      if (next?.[0].test(seen)) child.stdin.write(waiting.shift()?.[1] ?? '')
      if (bar.test(seen)) drawn.resolve()
    })
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
    everything.push(seen)
    return { code, seen }
  }
  const again = messages.map(({ bytes, uidl }) => ({ bytes, uidl: `again-${uidl}` }))
  const holds = { on: 'RETR', until: drawn.promise }
  const other = await startPop3Server({ messages: again, holds, password: providerPassword })
  const words = ['account', 'add', '--host', '127.0.0.1', '--port', String(other.port), '--tls', 'none', '--paused']
  const added = await terminal(words, [
    [/E-mail address: /, 'you@example.net\r'],
    [/User \[you@example\.net\]: /, '\r'],
    [/1 {2}alice\r\n[^]*Destination \[alice\]: /, '\r'],
    [/Password of you@example\.net at 127\.0\.0\.1: /, `${providerPassword}\r`],
  ])
  assert.deepEqual([added.code, /It works: 60 messages/.test(added.seen)], [0, true], added.seen)
  const pulled = await terminal(['account', 'pull', 'you@example.net', 'me@example.net', '--watch'], [])
  assert.equal(pulled.code, 0, pulled.seen)
  assert.match(pulled.seen, bar)
  assert.match(pulled.seen, /you@example\.net: 60 listed, 60 stored/)
  assert.ok(pulled.seen.lastIndexOf('\x1b[?25h') > pulled.seen.lastIndexOf('\x1b[?25l'), 'the cursor is there again')
  await other.close()
})

test('a new account is tried before it is registered: what fails is told with what to do, and taken with --untested alone', async () => {
  const wrong = ['account', 'add', 'wrong@example.net', ...server().slice(0, -3), '--paused', '--destination', 'alice']
  const refused = await tributary(wrong, { stdin: 'not the password\n' })
  assert.deepEqual([refused.code, refused.out], [4, ''], refused.err)
  assert.match(
    refused.err,
    /refused the user name or password.*Check user name and password[^]*--untested registers it/,
  )
  const named = { stdin: 'not the password\n' }
  const taken = await tributary([...wrong, '--untested'], named)
  assert.deepEqual([taken.code, taken.out.length], [0, 27], taken.err)
  assert.equal((await json(['account', 'show', 'wrong@example.net']))['user'], 'wrong@example.net')
  assert.equal((await tributary(['account', 'remove', 'wrong@example.net', '--yes'])).code, 0)
})

test('where there are several destinations they are named', async () => {
  await json(['destination', 'add', 'bob'], `${loginPassword}\n`)
  const words = ['account', 'add', 'which@example.net', ...server()]
  const which = await tributary(words, { stdin: `${providerPassword}\n` })
  assert.deepEqual([which.code, which.err], [2, 'Where is its mail to go? Say it with --destination: alice, bob.\n'])
  assert.equal((await tributary(['destination', 'remove', 'bob', '--yes'])).code, 0)
})

test('a mailbox is read, and what a mail program needs is told', async () => {
  assert.match((await tributary(['mail', 'folders', 'alice'])).out, /^INBOX +\d+ +\d+$/m)
  const { items = [] } = (await json(['mail', 'list', 'alice', '--limit', '3'])) as { items?: { uid: number }[] }
  assert.equal(items.length, 3)
  const uid = String(items[0]?.uid)
  assert.match((await tributary(['mail', 'show', 'alice', uid])).out, /^subject +letter \d+$/m)
  assert.match((await tributary(['mail', 'show', 'alice', uid, '--source'])).out, /^Subject: letter \d+\r$/m)
  assert.match((await tributary(['destination', 'usage', 'alice'])).out, /^[\d,]+ messages in \d+ folders?/)
  assert.match(
    (await tributary(['destination', 'connection', 'alice'])).out,
    /^IMAP +gather\.example\.org:993 \(TLS\)$/m,
  )
  const profile = await tributary(['destination', 'profile', 'alice', '--for', 'thunderbird'])
  assert.match(profile.out, /<clientConfig version="1.1">/)
})

test('the admin gets a link and a password', async () => {
  const link = await tributary(['admin', 'link'])
  assert.match(link.out, /^http:\/\/127\.0\.0\.1:8420\/enter#[\w-]{43}\n$/)
  assert.equal((await tributary(['admin', 'password'], { stdin: 'correct horse battery\n' })).code, 0)
  const short = await tributary(['admin', 'password'], { stdin: 'short\n' })
  assert.deepEqual([short.code, short.err.includes('/password')], [1, true], short.err)
})

test('Ctrl-C ends the watching; the run goes on', async () => {
  const slow = await startPop3Server({ messages, password: providerPassword, delayMs: 100 })
  const fields = ['--host', '127.0.0.1', '--port', String(slow.port), '--tls', 'none', '--user', 'slow', '--paused']
  await json(['account', 'add', 'slow@example.net', ...fields], providerPassword)
  const child = spawn(process.execPath, [cli.main, 'account', 'pull', 'slow@example.net', '--watch'], {
    env: withPath(env),
  })
  await new Promise<void>((resolve) => {
    const look = setInterval(() => {
      if (!slow.commands.some((command) => command.startsWith('RETR'))) return
      clearInterval(look)
      resolve()
    }, 20)
  })
  child.kill('SIGINT')
  const { code, err } = await said(child)
  assert.equal(code, 130)
  const [, id = ''] = /^The run goes on: tributary run show (\S+) --watch$/m.exec(err) ?? []
  const watched = await json(['run', 'show', id, '--watch'])
  assert.deepEqual([watched['state'], watched['stored']], ['done', 60])
  await slow.close()
})

test('what went wrong is in the exit code, and in sentences', async () => {
  const fails = async (words: readonly string[], wanted: RegExp, given: Given = {}) => {
    const { code, out, err } = await tributary(words, given)
    assert.equal(out, '', words.join(' '))
    assert.match(`${code} ${err}`, wanted)
  }
  const wrong = ['account', 'add', 'nobody', '--host', 'a b', '--user', 'x', '--folder', '*', '--destination', 'alice']
  const threeMistakes = /^1 3 values are wrong:\n  \/host must be [\s\S]*  \/address must be [\s\S]*  \/folder must be /
  const stranger = { env: { TRIBUTARY_TOKEN: 'guessed' } }
  const nowhere = { env: { TRIBUTARY_HOME: '/nowhere' } }
  // 9 is the discard port: nothing listens there.
  const discard = ['status', '--url', 'http://127.0.0.1:9']
  await Promise.all([
    fails(['account', 'shw'], /^2 unknown command 'shw'\n\(Did you mean show\?\)/),
    fails(['account', 'show', 'nobody'], /^1 There is no account nobody; "tributary account list"/),
    fails(['account', 'edit', 'me@example.net'], /^2 What is to change\?/),
    fails(wrong, threeMistakes, { stdin: 'secret' }),
    fails(['account', 'add', 'x@y', '--host', 'h'], /^2 A password is needed: on stdin,/),
    fails(['account', 'remove', 'me@example.net'], /^2 Remove .* Say so with --yes\.\n$/),
    fails(discard, /^3 Tributary does not answer at http:\/\/127\.0\.0\.1:9\/: Nothing listens there\./),
    fails(['status'], /^3 There is no instance in \/nowhere\. Start one with "npm start" in /, nowhere),
    fails(['account', 'list'], /^1 127\.0\.0\.1:\d+ does not know the token of TRIBUTARY_TOKEN/, stranger),
    fails(['account', 'list', '--json'], /^1 \{"title":"Unauthorized","status":401,"detail":"[^"]*"\}\n$/, stranger),
  ])
})

test('a run or a test that fails is told by an exit code of its own', async () => {
  const refusing = await startPop3Server({ messages: [], password: 'another' })
  const fields = ['--host', '127.0.0.1', '--port', String(refusing.port), '--tls', 'none', '--user', 'bad', '--paused']
  await json(['account', 'add', 'bad@example.net', ...fields, '--untested'], providerPassword)
  for (const words of [['test'], ['pull', '--watch']]) {
    const { code, out } = await tributary(['account', ...words, 'bad@example.net'])
    assert.equal(code, 4)
    assert.match(out, /refused the user name or password/)
  }
  await refusing.close()
})

test('over HTTPS the local instance is known by its own certificate, and by no other', async (t) => {
  const [own, another] = [certificate('somewhere.example.net'), certificate('localhost')]
  const secure = createServer({ cert: own.cert, key: own.key }, (request, response) =>
    stack.app.routing(request, response),
  )
  secure.listen(0, '127.0.0.1')
  await once(secure, 'listening')
  t.after(() => secure.close())
  const home = homeOf(join(folder, 'secure'))
  mkdirSync(home.home)
  writeFileSync(home.adminToken, adminToken)
  const certFile = join(home.home, 'cert.pem')
  const address = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`
  writeAddress(home, address, certFile)
  const list = async (cert: string, ...more: string[]) => {
    writeFileSync(certFile, cert)
    return await tributary(['destination', 'list', ...more], { env: { TRIBUTARY_HOME: home.home } })
  }
  const known = await list(own.cert)
  assert.deepEqual([known.code, known.err], [0, ''])
  const unknown = await list(another.cert)
  assert.deepEqual(
    [unknown.code, /^Tributary does not answer at https:.*certificate/.test(unknown.err)],
    [3, true],
    unknown.err,
  )
})

test('a token comes from a file or the environment, and the local one goes to no other machine', async () => {
  const elsewhere = await tributary(['account', 'list', '--url', 'https://mail.example.org'])
  assert.deepEqual([elsewhere.code, elsewhere.err.startsWith('Which token for mail.example.org?')], [2, true])
  const file = join(folder, 'my-token')
  writeFileSync(file, adminToken)
  const bare = { env: { TRIBUTARY_HOME: '/nowhere', TRIBUTARY_URL: url } }
  assert.equal((await tributary(['account', 'list', '--token-file', file], bare)).code, 0)
  assert.equal((await tributary(['account', 'list'], { env: { ...bare.env, TRIBUTARY_TOKEN_FILE: file } })).code, 0)
  for (const option of ['--token', '--password'])
    assert.match((await tributary(['account', 'list', option, 'secret'])).err, /^unknown option/)
})

test('names that several have are told with their ids', async () => {
  const second = await json(['account', 'add', 'me@example.net', ...server(), '--user', 'second'], providerPassword)
  const { code, err } = await tributary(['account', 'show', 'me@example.net'])
  assert.equal(code, 1)
  assert.match(err, /^me@example\.net may be any of 2; give the id/)
  assert.match(err, new RegExp(`^  ${String(second['id'])}  me@example\\.net \\(second at 127\\.0\\.0\\.1\\)$`, 'm'))
  assert.equal((await tributary(['account', 'remove', String(second['id']), '--yes'])).code, 0)
})

test('lists: a page as the API sends it, or every one, a line each', async () => {
  const page = (await json(['account', 'list', '--limit', '2'])) as { items?: unknown[]; next?: string }
  assert.deepEqual([page.items?.length, typeof page.next], [2, 'string'])
  const { out } = await tributary(['account', 'list', '--all', '--json'])
  const addresses = out
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { address: string }).address)
  assert.deepEqual(
    addresses.toSorted(),
    ['bad', 'me', 'slow', 'you'].map((name) => `${name}@example.net`),
  )
  const failing = await tributary(['account', 'list', '-q', 'bad@'])
  assert.equal(failing.out.split('\n').length, 3)
})

test('what getmail has fetched is taken over', async () => {
  const uidls = messages.map(({ uidl }) => `${uidl}\x001700000000\n`).join('')
  const taken = ['account', 'add', 'taken@example.net', ...server(), '--user', 'taken']
  await json(taken, providerPassword)
  const answer = await json(['ledger', 'import', 'taken@example.net', '-', '--format', 'getmail'], uidls)
  assert.deepEqual([answer['imported'], answer['listed'], answer['notice']], [60, 60, null])
  const pulled = await json(['account', 'pull', 'taken@example.net', '--watch'])
  assert.deepEqual([pulled['listed'], pulled['stored']], [60, 0])
})

test('what was set aside is listed, of all accounts or of one, with when it is tried again', async () => {
  assert.deepEqual((await json(['quarantine']))['items'], [])
  const destinationId = (await stack.call('GET', '/destinations')).body.items[0]?.['id']
  const fields = { port: provider.port, user: 'aside', password: providerPassword, destinationId }
  const id = await stack.account({ ...fields, address: 'aside@example.net', maxMessageBytes: 20 })
  await stack.pull(id)
  const all = await tributary(['quarantine', '--limit', '1'])
  assert.match(all.out, /^ACCOUNT +ENTRY +SIZE +FIRST SEEN +TRIED +AGAIN +FROM +SUBJECT +WHY\n/)
  assert.match(all.out, /\naside@example\.net +[0-9A-Z]{26} .* only by hand /)
  assert.match((await tributary(['quarantine', 'list', 'aside@example.net'])).out, /^ENTRY +SIZE /)
  const ofAccount = await json(['quarantine', 'list', 'aside@example.net', '--reason', 'over limit', '--limit', '500'])
  assert.equal((ofAccount['items'] as unknown[]).length, 60)
  assert.match((await tributary(['quarantine', 'dismiss', 'aside@example.net'])).err, /or --all/)
  const unsure = await tributary(['quarantine', 'dismiss', 'aside@example.net', '--all'])
  assert.match(unsure.err, /^Let go of 60 messages\? .* Say so with --yes\./)
  const again = await tributary(['quarantine', 'retry', '--all', '--reason', 'over limit', '--yes'])
  assert.match(again.err, /^0 messages are tried again; runs: 0\.\nLeft as they are, .*: 60\.\n$/)
  const gone = ['quarantine', 'dismiss', '--all', '--reason', 'over limit', '--yes']
  assert.equal((await tributary(gone)).err, '60 messages are let go of.\n')
  assert.equal((await tributary(gone)).err, 'There is none.\n')
  await stack.call('DELETE', `/accounts/${id}`)
})

test('a backup is a file for nobody else, whole or not there, and restored it is all there again', async () => {
  const file = join(folder, 'backup.gz')
  const before = await json(['account', 'list'])
  assert.equal((await tributary(['backup', file])).code, 0)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.match((await tributary(['backup', file])).err, /is there already; --force replaces it/)
  const bad = await tributary(['backup', join(folder, 'other.gz')], { env: { TRIBUTARY_TOKEN: 'guessed' } })
  assert.deepEqual([bad.code, readdirSync(folder).filter((name) => name.startsWith('other'))], [1, []])
  const there = await tributary(['restore', file])
  assert.deepEqual([there.code, /There are accounts or destinations already/.test(there.err)], [1, true])
  assert.match((await tributary(['restore', file, '--replace'])).err, /Say so with --yes/)
  const restored = await tributary(['restore', file, '--replace', '--yes'])
  assert.deepEqual([restored.code, restored.err], [0, ''], restored.err)
  assert.match(
    restored.out,
    /^Restored as of .*: 5 accounts, 1 destination\.\nWhat was there before is in .*\.ndjson\.gz\.\n$/,
  )
  const addresses = (list: Record<string, unknown>) =>
    (list['items'] as { address: string }[]).map((one) => one.address)
  assert.deepEqual(addresses(await json(['account', 'list'])), addresses(before))
})

test('a thousand accounts from a file, and out again; a line that is refused keeps no other', async () => {
  const [, destinationId] = /^id +(\S+)$/m.exec((await tributary(['destination', 'show', 'alice'])).out) ?? []
  const lineOf = (nth: number) => {
    const user = `user-${nth}`
    const fields = { host: nth === 500 ? 'a b' : 'pop.example.org', user, password: providerPassword, paused: true }
    return JSON.stringify({ address: `${user}@example.org`, destinationId, ...fields })
  }
  const file = join(folder, 'accounts.ndjson')
  writeFileSync(file, [...Array.from({ length: 1000 }, (_, nth) => lineOf(nth)), '{'].join('\n'))
  const { code, out, err } = await tributary(['import', file])
  assert.deepEqual([code, out], [4, '999 accounts registered, 2 refused.\n'], err)
  assert.match(err, /^line 501: One value is wrong:\nline 501: \/host must be .*\nline 1001: This line is no JSON\.\n$/)
  const again = await tributary(['import', '-', '--json'], { stdin: lineOf(0) })
  const [answer] = again.out.split('\n')
  assert.equal((JSON.parse(answer ?? '') as { problem: { status: number } }).problem.status, 409)
  const exported = join(folder, 'exported.ndjson')
  assert.equal((await tributary(['export', '--output', exported])).code, 0)
  const addresses = readFileSync(exported, 'utf8')
    .trimEnd()
    .split('\n')
    .filter((line) => line.includes('@example.org'))
  assert.deepEqual([addresses.length, statSync(exported).mode & 0o777], [999, 0o600])
})

test('tokens and settings: made, listed, used, taken away', async () => {
  const token = (
    await tributary(['token', 'create', 'panel', '--scope', 'read', '--destination', 'alice', '--expires', '5h'])
  ).out
  everything.splice(-2)
  const file = join(folder, 'panel-token')
  writeFileSync(file, token)
  const asOwner = async (...words: string[]) => await tributary([...words, '--token-file', file])
  const [listed, changed] = await Promise.all([
    asOwner('destination', 'list'),
    asOwner('account', 'resume', 'me@example.net'),
  ])
  assert.match(listed.out, /^alice +hosted/m)
  assert.deepEqual([changed.code, /scope/.test(changed.err)], [1, true], changed.err)
  assert.match((await tributary(['token', 'list'])).out, /^\S+ +panel +read +\S+ +in [45] h /m)
  assert.equal((await tributary(['token', 'revoke', 'panel'])).code, 0)
  assert.match((await asOwner('destination', 'list')).err, /does not know the token of .*panel-token/)

  const set = await tributary(['settings', 'set', 'ownerPorts.pop3=995', 'transcriptsKept=7'])
  assert.equal(set.out, 'ownerPorts.pop3  995\ntranscriptsKept  7\n')
  const settings = await json(['settings', 'get'])
  assert.deepEqual(
    [settings['transcriptsKept'], settings['ownerPorts']],
    [7, { pop3: [995], imap: [143, 993], smtp: [465, 587], web: [443] }],
  )
})

test('who is told by webhook and by e-mail: set, tried, given a new secret, taken away', async (t) => {
  const endpoint = createHttpServer((_request, response) => response.writeHead(204).end())
  endpoint.listen(0, '127.0.0.1')
  await once(endpoint, 'listening')
  t.after(() => endpoint.close())
  const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/hooks`
  const added = await json(['webhook', 'add', url, '--event', 'run.failed'])
  assert.match((await tributary(['webhook', 'list'])).out, /run\.failed/)
  assert.match((await tributary(['webhook', 'test', url])).out, /^delivered: 204/)
  assert.match((await tributary(['webhook', 'deliveries', url])).out, /delivered +1 +204/)
  const { secret } = await json(['webhook', 'rotate', url])
  assert.match(String(secret), /^whsec_/)
  assert.notEqual(secret, added['secret'])
  assert.equal((await tributary(['webhook', 'remove', url])).code, 0)

  const smtp = await startSmtpServer({ login: { user: 'me', password: smtpPassword }, refusals: ['450 not now'] })
  t.after(async () => await smtp.close())
  const server = ['--host', '127.0.0.1', '--port', String(smtp.port), '--tls', 'none', '--user', 'me']
  const people = ['--from', 'tributary@example.net', '--to', 'a@example.net', '--to', 'b@example.net']
  const words = ['bulletin', 'set', ...server, ...people, '--event', 'account.needs_attention']
  const set = await tributary(words, { stdin: `${smtpPassword}\n` })
  assert.deepEqual([set.code, set.err], [0, 'Whether it arrives is seen with: tributary bulletin test\n'])
  assert.match(set.out, /^to +a@example\.net b@example\.net$/m)
  const refused = await tributary(['bulletin', 'test'])
  assert.deepEqual([refused.code, /450 not now/.test(refused.out)], [4, true], refused.out)
  assert.equal((await tributary(['notice', 'test'])).code, 0, 'its old name')
  const [mail] = await smtp.count(1)
  assert.deepEqual([mail?.user, mail?.to.length], ['me', 2])
  assert.deepEqual((await json(['bulletin', 'show']))['events'], ['account.needs_attention'])
  assert.equal((await tributary(['bulletin', 'remove'])).code, 0)
  assert.match((await tributary(['bulletin', 'show'])).err, /There is no bulletin by e-mail/)
})

test('bash completes commands, options, their values, addresses and files', async () => {
  const script = (await tributary(['completion', 'bash'])).out
  const complete = async (line: string) => {
    const quoted = `COMP_LINE=$1; COMP_POINT=\${#1}; _tributary; printf '%s\\n' "\${COMPREPLY[@]}"`
    const main = `tributary() { '${process.execPath}' '${cli.main}' "$@"; }`
    const child = spawn('bash', ['--norc', '-c', `${main}\n${script}\n${quoted}`, 'bash', line], { env: withPath(env) })
    return (await said(child)).out.trimEnd().split('\n')
  }
  const offers = async (line: string, ...words: string[]) => assert.deepEqual(await complete(line), words, line)
  await Promise.all([
    offers('tributary acc', 'account'),
    offers('tributary run ', 'list', 'show', 'messages', 'transcript'),
    offers('tributary account list --status need', 'needs\\ attention'),
    offers('tributary account list --dest', '--destination'),
    offers('tributary account add --destination a', 'alice'),
    // Bash takes @ for the end of a word, and wants what stands behind it.
    offers('tributary account pull slow@ex', 'example.net'),
    offers('tributary --json account show sl', 'slow@example.net'),
    // None: bash offers files.
    offers('tributary restore ', ''),
  ])
})

test('nothing secret was ever shown', () => {
  const all = everything.join('\n')
  for (const secret of [adminToken, providerPassword, loginPassword, smtpPassword])
    assert.ok(!all.includes(secret), secret)
  assert.ok(!readFileSync(join(folder, 'backup.gz')).includes(providerPassword))
})
