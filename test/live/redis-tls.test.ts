/** Sentinel and a Cluster over TLS and with passwords, as operators have them: API and worker are processes that learn of the CA as any does. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { chain } from '../support/certificates.ts'
import { closeAll } from '../support/closing.ts'
import { startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { freePorts } from '../support/ports.ts'
import { healthOfWorker } from '../support/health.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { readFolder } from '../support/reader.ts'
import { type Protection, startCluster, startSentinel, type TestRedises } from '../support/redises.ts'
import { untilTold } from '../support/until.ts'

const protection: Protection = {
  chain: chain('/CN=redis', ['subjectAltName=IP:127.0.0.1']),
  password: 'data:50%@home/',
  sentinelPassword: 'sentinel/secret',
}
const messages = Array.from({ length: 20 }, (_, nth) => ({
  bytes: Buffer.from(
    `Message-ID: <${nth}@example.org>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nThe ${nth}th.\r\n`,
  ),
  uidl: `${nth}`,
}))

interface Process {
  readonly child: ChildProcess
  readonly said: string[]
}

function startProcess(file: string, env: NodeJS.ProcessEnv): Process {
  const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const said: string[] = []
  for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', (line) => said.push(line))
  return { child, said }
}

async function stopProcess({ child }: Process): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

/** The gateway beside a Redis of this kind. */
class Instance {
  readonly #env: NodeJS.ProcessEnv
  readonly #home = mkdtempSync('/tmp/tributary-tls-')
  readonly #parts: Process[] = []

  constructor({ url }: TestRedises, { store, places }: TestDovecot, port: number) {
    const ca = join(this.#home, 'ca.pem')
    writeFileSync(ca, protection.chain.root)
    const { host, masterUser, masterPassword } = store
    this.#env = {
      PATH: process.env['PATH'],
      NODE_EXTRA_CA_CERTS: ca,
      TRIBUTARY_HOME: this.#home,
      TRIBUTARY_HTTP_PORT: String(port),
      TRIBUTARY_REDIS_URL: url,
      ...(url.startsWith('rediss-sentinel:') ? { TRIBUTARY_REDIS_SENTINEL_PASSWORD: protection.sentinelPassword } : {}),
      TRIBUTARY_STORE_URL: `imap://${masterUser}:${encodeURIComponent(masterPassword)}@${host}:${store.port}`,
      TRIBUTARY_STORE_USERS_FILE: places.usersFile,
    }
  }

  async begin(): Promise<void> {
    this.#parts.push(startProcess('dist/api/main.js', this.#env))
    await untilTold('the API', async () => (await this.call('GET', '/destinations?limit=1')).status === 200)
    this.#parts.push(startProcess('dist/workers/main.js', this.#env))
    await untilTold('the worker', async () => (await healthOfWorker(this.#env as Record<string, string>)) === '')
  }

  async call(method: string, path: string, body?: object) {
    const response = await fetch(`http://127.0.0.1:${this.#env['TRIBUTARY_HTTP_PORT']}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${readFileSync(join(this.#home, 'admin-token'), 'utf8').trim()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return {
      status: response.status,
      body: (await response.json()) as Record<string, unknown> & { readonly id: string },
    }
  }

  /** What an API says that does not know the CA, at its end. */
  async saysWithoutCa(): Promise<string> {
    const { NODE_EXTRA_CA_CERTS: _unknown, ...env } = this.#env
    const api = startProcess('dist/api/main.js', env)
    await once(api.child, 'exit')
    return api.said.join('\n')
  }

  /** Everything that its processes have said. */
  get said(): string {
    return this.#parts.flatMap(({ said }) => said).join('\n')
  }

  async stop(): Promise<void> {
    await Promise.all(this.#parts.map(stopProcess))
    rmSync(this.#home, { recursive: true, force: true })
  }
}

let instance: Instance
const closers: Record<string, () => unknown> = {}
after(async () => {
  await closeAll(closers)
})

async function begin(redises: TestRedises): Promise<TestDovecot> {
  const [dovecot, [port = 0]] = await Promise.all([startDovecot(), freePorts(1)])
  instance = new Instance(redises, dovecot, port)
  const begun = instance
  closers[`instance ${port}`] = async () => await begun.stop()
  closers[`servers ${port}`] = async () => await redises.stop()
  closers[`store ${port}`] = async () => await dovecot.stop()
  await instance.begin()
  return dovecot
}

async function assertFetched(login: string, dovecot: TestDovecot): Promise<void> {
  const provider = await startPop3Server({ messages })
  const { body: destination } = await instance.call('POST', '/destinations', {
    kind: 'hosted',
    login,
    password: 'wonder',
  })
  const { body: account } = await instance.call('POST', '/accounts', {
    address: 'me@example.net',
    host: '127.0.0.1',
    port: provider.port,
    tls: 'none',
    user: login,
    password: 'secret',
    destinationId: destination.id,
    paused: true,
  })
  const { body: run } = await instance.call('POST', `/accounts/${account.id}/pull?wait=60`)
  assert.deepEqual([run['state'], run['stored'], run['failure']], ['done', messages.length, null])
  assert.equal((await readFolder(dovecot.imapPort, login, 'wonder')).length, messages.length)
  await provider.close()
}

function assertKeepsSecrets(): void {
  for (const secret of [protection.password, protection.sentinelPassword])
    for (const form of [secret, encodeURIComponent(secret)]) assert.ok(!instance.said.includes(form))
}

test('Sentinel over TLS, with its own password and that of a user: mail is fetched, also from the next master, and while a Sentinel is away', async () => {
  const redises = await startSentinel(protection)
  await redises.sentinels[0]?.halt('SIGKILL')
  const dovecot = await begin(redises)
  await assertFetched('anna', dovecot)
  const roles = await Promise.all(redises.nodes.map(async ({ redis }) => await redis.info('replication')))
  await redises.nodes[roles.findIndex((told) => told.includes('role:master'))]?.halt('SIGKILL')
  // It takes writes once a replica has come to it.
  await untilTold('the next master', async () => {
    const { status } = await instance.call('PATCH', '/settings', { transcriptsKept: 5 })
    return status === 200
  })
  await assertFetched('berta', dovecot)
  assertKeepsSecrets()
  assert.ok(!instance.said.includes('[ioredis]'), 'nothing is said beside the log')
})

test('a Cluster over TLS, with a password: mail is fetched, and without its CA the API says what is missing', async () => {
  const dovecot = await begin(await startCluster(1, protection))
  await assertFetched('anna', dovecot)
  assertKeepsSecrets()
  assert.match(await instance.saysWithoutCa(), /No Redis can be used at any node of the Cluster \(.*certificate.*\)/)
})
