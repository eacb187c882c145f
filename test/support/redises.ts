/** Starts several Redises for one test: a Cluster, or a master with its replicas and Sentinels. They are gone with the test. */
import { execFileSync, type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { Chain } from './certificates.ts'
import { freePorts } from './ports.ts'
import { until } from './until.ts'

export interface RedisNode {
  readonly port: number
  readonly pid: number
  /** A connection to this node alone. */
  readonly redis: Redis
  /** Ends it, or stops it by SIGSTOP; its data stay. */
  halt(signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP'): Promise<void>
  /** Starts it again, or lets it go on. */
  resume(): Promise<void>
}

export interface TestRedises {
  readonly url: string
  readonly folder: string
  /** Masters and replicas; the Sentinels are not among them. */
  readonly nodes: readonly RedisNode[]
  /** In the order in which the URL names them. */
  readonly sentinels: readonly RedisNode[]
  stop(): Promise<void>
}

/** As local mode has it (deploy/redis.conf), and what a fail-over needs. */
const usual = {
  bind: '127.0.0.1',
  save: '""',
  appendonly: 'yes',
  appendfsync: 'always',
  'no-appendfsync-on-rewrite': 'no',
  'maxmemory-policy': 'noeviction',
  'min-replicas-to-write': '1',
  'min-replicas-max-lag': '10',
  'repl-diskless-sync-delay': '0',
  'repl-ping-replica-period': '1',
} as const

type NodeSettings = Readonly<Record<string, string>>

/** The program that runs as a Redis. Another one (Valkey's, on a system that has it) is given to see whether it works as well. */
const program = (process.env['TEST_REDIS_SERVER'] ?? 'redis-server').split(' ')

/** TLS alone, and a password of each kind. */
export interface Protection {
  /** Of 127.0.0.1. */
  readonly chain: Chain
  /** Of the users `default` and `gateway`. */
  readonly password: string
  readonly sentinelPassword: string
}

interface NodeOptions {
  readonly settings: NodeSettings
  readonly args?: readonly string[]
  readonly protection?: Protection | undefined
  readonly password?: string | undefined
}

class Node implements RedisNode {
  readonly port: number
  readonly redis: Redis
  readonly #args: readonly string[]
  #child: ChildProcess | undefined

  constructor(folder: string, port: number, { settings, args = [], protection, password }: NodeOptions) {
    this.port = port
    const own = join(folder, String(port))
    mkdirSync(own, { recursive: true })
    const conf = join(own, 'redis.conf')
    const ports = protection === undefined ? { port: String(port) } : withTls(own, port, protection)
    const lines = Object.entries({ ...settings, ...ports, dir: own }).map((line) => line.join(' '))
    writeFileSync(conf, `${lines.join('\n')}\n`)
    this.#args = [conf, ...args]
    this.redis = new Redis(port, '127.0.0.1', {
      lazyConnect: true,
      maxRetriesPerRequest: null,
      ...(protection === undefined ? {} : { tls: { ca: protection.chain.root } }),
      ...(password === undefined ? {} : { password }),
    })
    this.redis.on('error', () => {})
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  async halt(signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP'): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    child.kill(signal)
    if (signal !== 'SIGSTOP' && child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }

  async resume(): Promise<void> {
    if (this.#child?.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGCONT')
      return
    }
    const [command = '', ...before] = program
    const child = spawn(command, [...before, ...this.#args], { stdio: 'ignore' })
    this.#child = child
    const ended = once(child, 'exit').then(() => {
      throw new Error(`${this.#args.join(' ')} ended by itself`)
    })
    ended.catch(() => {})
    await Promise.race([this.redis.ping(), ended])
  }

  async stop(): Promise<void> {
    this.redis.disconnect()
    await this.halt('SIGKILL')
  }
}

function withTls(folder: string, port: number, { chain }: Protection): NodeSettings {
  const place = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  return {
    port: '0',
    'tls-port': String(port),
    'tls-cert-file': place('cert.pem', chain.leaf.cert + chain.intermediate),
    'tls-key-file': place('key.pem', chain.leaf.key),
    'tls-ca-cert-file': place('ca.pem', chain.root),
    'tls-auth-clients': 'no',
    'tls-replication': 'yes',
    'tls-cluster': 'yes',
  }
}

/** What follows from the passwords for a master and its replicas. */
function passwordsOf(protection: Protection | undefined): NodeSettings {
  if (protection === undefined) return {}
  const { password } = protection
  return { requirepass: password, masterauth: password, 'user gateway': `on >${password} ~* &* +@all` }
}

/** The beginning of a URL of this kind. */
function schemeOf(kind: 'sentinel' | 'cluster', protection: Protection | undefined, user: string): string {
  if (protection === undefined) return `redis-${kind}://`
  return `rediss-${kind}://${user}:${encodeURIComponent(protection.password)}@`
}

/** @param replicas of each of its three masters. */
export async function startCluster(replicas = 1, protection?: Protection): Promise<TestRedises> {
  return await gone('cluster', async (nodes, folder) => {
    const count = 3 + 3 * replicas
    const ports = await freePorts(2 * count)
    for (const [nth, port] of ports.slice(0, count).entries()) {
      const settings = {
        ...usual,
        ...(replicas === 0 ? { 'min-replicas-to-write': '0' } : {}),
        ...passwordsOf(protection),
        'cluster-enabled': 'yes',
        'cluster-port': String(ports[count + nth]),
        'cluster-node-timeout': '2000',
      }
      nodes.push(new Node(folder, port, { settings, protection, password: protection?.password }))
    }
    await Promise.all(nodes.map(async (node) => await node.resume()))
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`)
    const create = ['--cluster', 'create', ...addresses, '--cluster-replicas', String(replicas), '--cluster-yes']
    if (protection !== undefined)
      create.push('--tls', '--cacert', join(folder, String(ports[0]), 'ca.pem'), '-a', protection.password)
    execFileSync('redis-cli', create, { stdio: 'ignore' })
    // A replica that is connected is not in step yet.
    const isLinked = (text: string) => replicas === 0 || /master_link_status:up|min_slaves_good_slaves:[1-9]/.test(text)
    await until('the cluster', async () => {
      const told = await Promise.all(
        nodes.map(
          async ({ redis }) => `${String(await redis.call('CLUSTER', 'INFO'))}${await redis.info('replication')}`,
        ),
      )
      return told.every((text) => text.includes('cluster_state:ok') && isLinked(text))
    })
    const url = `${schemeOf('cluster', protection, '')}${addresses.slice(0, 2).join(',')}`
    return { url, nodes, sentinels: [] }
  })
}

/** A master with two replicas, and three Sentinels that take a master for dead after a second. */
export async function startSentinel(protection?: Protection): Promise<TestRedises> {
  return await gone('sentinel', async (all, folder) => {
    const ports = await freePorts(6)
    const [first = 0] = ports
    const nodes = ports.slice(0, 3).map((port) => {
      const role = port === first ? {} : { replicaof: `127.0.0.1 ${first}` }
      const settings = { ...usual, ...role, ...passwordsOf(protection) }
      return new Node(folder, port, { settings, protection, password: protection?.password })
    })
    const secrets: NodeSettings =
      protection === undefined
        ? {}
        : {
            requirepass: protection.sentinelPassword,
            'sentinel sentinel-pass': protection.sentinelPassword,
            'sentinel auth-pass': `main ${protection.password}`,
          }
    // A password is of a master that is named before.
    const settings = { bind: '127.0.0.1', 'sentinel monitor': `main 127.0.0.1 ${first} 2`, ...secrets }
    const password = protection?.sentinelPassword
    const sentinels = ports
      .slice(3)
      .map((port) => new Node(folder, port, { settings, args: ['--sentinel'], protection, password }))
    all.push(...sentinels, ...nodes)
    for (const node of nodes) await node.resume()
    const [master] = nodes
    await until('the replicas', async () => /connected_slaves:2/.test((await master?.redis.info('replication')) ?? ''))
    for (const sentinel of sentinels) {
      await sentinel.resume()
      for (const [name, value] of Object.entries({ 'down-after-milliseconds': 1000, 'failover-timeout': 5000 }))
        await sentinel.redis.call('SENTINEL', 'SET', 'main', name, String(value))
    }
    await until('the Sentinels', async () => {
      const told = await Promise.all(
        sentinels.map(async ({ redis }) => {
          const quorum = await redis.call('SENTINEL', 'CKQUORUM', 'main').catch(() => '')
          const replicas = (await redis.call('SENTINEL', 'REPLICAS', 'main')) as unknown[]
          return String(quorum).startsWith('OK 3') && replicas.length === 2
        }),
      )
      return told.every(Boolean)
    })
    const addresses = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')
    return { url: `${schemeOf('sentinel', protection, 'gateway')}${addresses}/main`, nodes, sentinels }
  })
}

/** Whatever was started is gone with the test, also if the start fails. */
async function gone(
  name: string,
  start: (all: Node[], folder: string) => Promise<Pick<TestRedises, 'url' | 'nodes' | 'sentinels'>>,
): Promise<TestRedises> {
  const folder = mkdtempSync(`/tmp/tributary-${name}-`)
  const all: Node[] = []
  const stop = async () => {
    await Promise.all(all.map(async (node) => await node.stop()))
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    return { ...(await start(all, folder)), folder, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
