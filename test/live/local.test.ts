import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { banned } from '../support/fail2ban.ts'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect as tlsConnect } from 'node:tls'
import { gatewaySocket, masterUser } from '../../deploy/dovecot.ts'
import { runFolderName } from '../../deploy/instance.ts'
import { graceMs } from '../../deploy/supervisor.ts'
import { tryLogin } from '../../src/imap/login.ts'
import { freePorts } from '../support/ports.ts'
import { alive, commandOf, familyOf } from '../support/family.ts'
import { callInstance, instancePorts, type Ports, settingsOf } from '../support/instance.ts'
import { until } from '../support/until.ts'

/** `npm start`, but for what start.mjs does before it hands over. */
interface Local {
  readonly process: ChildProcess
  readonly said: () => string
  /** Every process below it. */
  readonly family: () => number[]
  readonly exited: Promise<[number | null, string | null]>
}

let folder: string
let home: string
let ports: Ports
const running = new Set<ChildProcess>()
before(async () => {
  // Of mode 0700, as mktemp makes it, and longer than a socket's path may be.
  folder = mkdtempSync('/tmp/tributary-local-')
  home = join(folder, 'a'.repeat(100), 'b'.repeat(100))
  ports = await instancePorts()
})
after(async () => {
  for (const child of running) child.kill('SIGTERM')
  await Promise.all([...running].map(async (child) => await once(child, 'exit')))
  rmSync(folder, { recursive: true, force: true })
})

const itself = [process.execPath, 'dist/deploy/run.js'] as const

function start(env: NodeJS.ProcessEnv = {}, [command, ...args]: readonly [string, ...string[]] = itself): Local {
  const child = spawn(command, args, {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      TRIBUTARY_HOME: home,
      ...settingsOf(ports),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const exited = once(child, 'exit').then((how) => {
    running.delete(child)
    return how as [number | null, string | null]
  })
  return { process: child, said: () => said, exited, family: () => familyOf(child.pid ?? 0) }
}

async function started(...how: Parameters<typeof start>): Promise<Local> {
  const local = start(...how)
  await until('the start', () => {
    assert.equal(local.process.exitCode, null, local.said())
    return local.said().includes('Tributary is running.')
  })
  return local
}

async function call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const token = readFileSync(join(home, 'admin-token'), 'utf8').trim()
  return await callInstance(ports, token, method, path, body)
}

/** What a server says to these lines, until it has said `last`. */
async function converse(socket: Socket, lines: readonly string[], last: RegExp): Promise<string> {
  let said = ''
  socket.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')))
  for (const line of lines) socket.write(`${line}\r\n`)
  await until(String(last), () => last.test(said))
  return said
}

let first: Local
let accountId: unknown
let sampleId: unknown
let sampleSmtp: unknown
test('npm start brings up everything, in a folder of 0700 and of any length', async () => {
  first = await started({ TRIBUTARY_SAMPLE: 'on' })
  const lines = first.said().trimEnd().split('\n')
  const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.deepEqual(
    events.filter(({ event }) => event === 'part ready').map(({ part }) => part),
    ['redis', 'dovecot', 'api', 'worker'],
  )
  const { api, tokenFile } = events.find(({ event }) => event === 'running') ?? assert.fail(first.said())
  assert.deepEqual([api, tokenFile], [`http://127.0.0.1:${ports.http}/api/v1`, join(home, 'admin-token')])
  assert.equal((await fetch(`http://127.0.0.1:${ports.http}/readyz`)).status, 200)
  for (const secret of ['admin-token', 'secret-key']) assert.equal(statSync(join(home, secret)).mode & 0o777, 0o600)

  await call('POST', '/destinations', { kind: 'hosted', login: 'provider', password: 'p' })
  const destination = await call('POST', '/destinations', { kind: 'hosted', login: 'alice', password: 'wonder' })
  const append = connect(ports.imap, '127.0.0.1')
  const message = 'Message-ID: <1@example.org>\r\nSubject: first\r\n\r\nHello.\r\n'
  await converse(append, ['a LOGIN provider p', `b APPEND INBOX {${message.length}+}`, message], /^b OK/m)
  append.destroy()
  const account = await call('POST', '/accounts', {
    address: 'provider@example.net',
    host: '127.0.0.1',
    port: ports.pop3,
    tls: 'none',
    user: 'provider',
    password: 'p',
    destinationId: destination['id'],
    paused: true,
  })
  accountId = account['id']
  const run = await call('POST', `/accounts/${String(accountId)}/pull?wait=30`)
  assert.deepEqual([run['stored'], run['failure']], [1, null])
})

test('there is a sample provider where it is asked for, filled once, with an account that gathers from it', async () => {
  const { account } = await call('GET', '/sample')
  sampleSmtp = (account as Record<string, unknown>)['smtp']
  const destination = await call('POST', '/destinations', { kind: 'hosted', login: 'sample', password: 'p' })
  const made = await call('POST', '/accounts', {
    ...(account as object),
    destinationId: destination['id'],
    paused: true,
  })
  sampleId = made['id']
  const run = await call('POST', `/accounts/${String(sampleId)}/pull?wait=30`)
  assert.ok(Number(run['stored']) > 20, JSON.stringify(run))
  assert.deepEqual([run['stored'], run['failure']], [run['listed'], null])
  const smtp = await call('POST', `/accounts/${String(sampleId)}/smtp/test`)
  assert.deepEqual([smtp['ok'], smtp['failure']], [true, null])
})

test('the command line finds the running instance by its folder', async () => {
  const words = ['dist/cli/main.js', 'account', 'list']
  const child = spawn(process.execPath, words, { env: { PATH: process.env['PATH'], TRIBUTARY_HOME: home } })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  assert.deepEqual(await once(child, 'close'), [0, null], said)
  assert.match(said, /^provider@example\.net /m)
})

test('mail is read over IMAP and POP3, by STARTTLS, STLS and TLS', async () => {
  const trust = { ca: readFileSync(join(home, 'tls', 'cert.pem')), servername: 'localhost' }
  const imap = ['a LOGIN alice wonder', 'b EXAMINE INBOX', 'c FETCH 1 BODY.PEEK[]', 'd LOGOUT']
  const pop3 = ['USER alice', 'PASS wonder', 'RETR 1', 'QUIT']

  const imaps = tlsConnect({ host: '127.0.0.1', port: ports.imaps, ...trust })
  assert.match(await converse(imaps, imap, /^d OK/m), /Hello\./)
  const pop3s = tlsConnect({ host: '127.0.0.1', port: ports.pop3s, ...trust })
  assert.match(await converse(pop3s, pop3, /\+OK Logging out/), /Hello\./)
  for (const [port, ask, granted, lines, last] of [
    [ports.imap, 'x STARTTLS', /^x OK/m, imap, /^d OK/m],
    [ports.pop3, 'STLS', /^\+OK Begin TLS/m, pop3, /\+OK Logging out/],
  ] as const) {
    const socket = connect(port, '127.0.0.1')
    await converse(socket, [ask], granted)
    socket.removeAllListeners('data')
    assert.match(
      await converse(tlsConnect({ socket, ...trust }), lines, last),
      /X-Tributary-Account: provider@example\.net[\s\S]*Hello\./,
    )
  }
})

test("a user's wrong password does not hold up the gateway's logins, which nobody else can make", async () => {
  const { uid } = statSync(home)
  const name = runFolderName(home, uid)
  const runFolder = ['/run', tmpdir()].map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? ''
  const socket = gatewaySocket({ runFolder })
  assert.deepEqual([statSync(runFolder).mode & 0o777, statSync(socket).mode & 0o777], [0o700, 0o600])
  const login = (user: string, password: string, way: { readonly socket?: string } = {}) =>
    tryLogin({ host: '127.0.0.1', port: ports.imap, tls: 'none', user, password, ...way })
  const masterPassword = readFileSync(join(home, 'dovecot', 'gateway-password'), 'utf8').trim()
  assert.equal(await login('alice', 'guess'), 'refused')
  const guessing = login('alice', 'guess')
  const beganMs = performance.now()
  assert.equal(await login(`alice*${masterUser}`, masterPassword, { socket }), 'accepted')
  assert.ok(performance.now() - beganMs < 10_000, `${performance.now() - beganMs} ms`)
  assert.equal(await guessing, 'refused')
  const event =
    first
      .said()
      .split('\n')
      .find((line) => line.includes('"login refused"')) ?? assert.fail(first.said())
  assert.equal(banned(event), '127.0.0.1')
  assert.equal(await login(`alice*${masterUser}`, masterPassword), 'refused')
})

test('a second start on the same home says that Tributary runs here already, and where, and touches nothing', async () => {
  const look = () =>
    readdirSync(home, { recursive: true, encoding: 'utf8' })
      .filter((name) => !/^(?:redis|mail)\//.test(name))
      .map((name) => {
        const { ino, size, mtimeMs, uid, mode } = statSync(join(home, name))
        return { name, ino, size, uid, mode, ...(name.includes('.') ? {} : { mtimeMs }) }
      })
  const before = look()
  for (const command of [itself, ['npm', 'start'] as const]) {
    const second = start({}, command)
    assert.deepEqual(await second.exited, [1, null])
    assert.match(
      second.said(),
      new RegExp(`Tributary runs here already: http://127.0.0.1:${ports.http}/ \\(process \\d+\\)\n`),
    )
  }
  assert.deepEqual(look(), before)
  assert.equal((await fetch(`http://127.0.0.1:${ports.http}/readyz`)).status, 200)
})

test('a second instance on the same ports says which setting to change', async () => {
  const second = start({ TRIBUTARY_HOME: join(folder, 'second') })
  assert.deepEqual(await second.exited, [1, null])
  assert.match(second.said(), new RegExp(`Port ${ports.http} is taken by another program; set TRIBUTARY_HTTP_PORT`))
  assert.match(second.said(), /TRIBUTARY_POP3S_PORT/)
})

test('a part that dies is started again', async () => {
  const redis = first.family().find((pid) => commandOf(pid).startsWith('redis-server'))
  assert.ok(redis !== undefined)
  process.kill(redis, 'SIGKILL')
  await until('redis to come back', async () => {
    const response = await fetch(`http://127.0.0.1:${ports.http}/readyz`).catch(() => undefined)
    const again = first.family().some((pid) => pid !== redis && commandOf(pid).startsWith('redis-server'))
    return again && response?.status === 200
  })
  const run = await call('POST', `/accounts/${String(accountId)}/pull?wait=60`)
  assert.deepEqual([run['listed'], run['stored'], run['failure']], [1, 0, null])
})

test('a signal stops everything within 20 s, connected clients too, and nothing is left', async () => {
  const client = connect(ports.imap, '127.0.0.1')
  client.on('error', () => {})
  await converse(client, ['a LOGIN alice wonder', 'b SELECT INBOX', 'c IDLE'], /^\+ idling/m)
  const family = first.family()
  assert.ok(family.length > 5, String(family.length))
  const beganMs = performance.now()
  first.process.kill('SIGINT')
  assert.deepEqual(await first.exited, [0, null])
  const granted = Object.values(graceMs).reduce<number>((sum, ms) => sum + ms, 0)
  assert.ok(granted < 20_000, `${granted} ms`)
  // A machine that stands still for some seconds adds to that.
  assert.ok(performance.now() - beganMs < granted + 30_000)
  assert.deepEqual(alive(family), [])
  client.destroy()
})

test('a second start finds everything again', async () => {
  const token = readFileSync(join(home, 'admin-token'), 'utf8')
  const again = await started({ TRIBUTARY_SAMPLE: 'on' })
  assert.equal(readFileSync(join(home, 'admin-token'), 'utf8'), token)
  const run = await call('POST', `/accounts/${String(accountId)}/pull?wait=30`)
  assert.deepEqual([run['listed'], run['stored'], run['failure']], [1, 0, null])
  const sample = await call('POST', `/accounts/${String(sampleId)}/pull?wait=30`)
  assert.ok(Number(sample['listed']) > 20)
  assert.deepEqual([sample['stored'], sample['failure']], [0, null])
  const { account } = await call('GET', '/sample')
  assert.deepEqual((account as Record<string, unknown>)['smtp'], sampleSmtp, 'the port that the account has')
  const trust = { ca: readFileSync(join(home, 'tls', 'cert.pem')), servername: 'localhost' }
  const imaps = tlsConnect({ host: '127.0.0.1', port: ports.imaps, ...trust })
  assert.match(
    await converse(imaps, ['a LOGIN alice wonder', 'b STATUS INBOX (MESSAGES)', 'c LOGOUT'], /^c OK/m),
    /MESSAGES 1/,
  )

  // kill -9: nobody is there to stop the children, and they end all the same.
  const family = again.family()
  again.process.kill('SIGKILL')
  await again.exited
  await until('the children to end', () => alive(family).length === 0)
})

for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const) {
  test(`${signal} to npm start itself reaches everything below it`, async (t) => {
    const npm = await started({}, ['npm', 'start'])
    const family = npm.family()
    t.after(() => {
      for (const pid of alive(family)) process.kill(pid, 'SIGKILL')
    })
    assert.ok(family.length > 5, String(family.length))
    npm.process.kill(signal)
    await npm.exited
    await until('everything to end', () => alive(family).length === 0)
  })
}

test('settings that cannot be are told in one line each, before anything is started', async () => {
  const own = join(folder, 'third')
  mkdirSync(own)
  const local = start({ TRIBUTARY_HOME: own, TRIBUTARY_HTTP_PORT: '0', TRIBUTARY_LOG_LEVEL: 'loud' })
  assert.deepEqual(await local.exited, [1, null])
  assert.match(local.said(), /^TRIBUTARY_HTTP_PORT is "0", and must .*\nTRIBUTARY_LOG_LEVEL is "loud", and must .*\n$/)
  assert.deepEqual(readdirSync(own), [])
})

test('an existing Redis that would forget is refused with the line to change', async () => {
  const [port = 0] = await freePorts(1)
  const redis = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder], {
    stdio: 'ignore',
  })
  await until('redis', async () => {
    const socket = connect(port, '127.0.0.1')
    return await new Promise<boolean>((resolve) =>
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false)),
    )
  })
  const local = start({ TRIBUTARY_HOME: join(folder, 'fourth'), TRIBUTARY_REDIS_URL: `redis://127.0.0.1:${port}` })
  const [code] = await local.exited
  assert.equal(code, 1)
  assert.match(local.said(), /appendonly is no: in redis\.conf write "appendonly yes"/)
  assert.match(local.said(), /appendfsync is everysec: in redis\.conf write "appendfsync always"/)
  redis.kill()
  await once(redis, 'exit')
})
