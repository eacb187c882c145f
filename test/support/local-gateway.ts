/** `npm start` in a process of its own, but for what start.mjs does before it hands over; of this clone, or of one of an earlier version. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { childIdentity } from '../../deploy/identity.ts'
import { redisSocket, startRedis } from '../../deploy/redis.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { commandOf, familyOf } from './family.ts'
import { callInstance, instancePorts, type Ports, settingsOf } from './instance.ts'
import { until } from './until.ts'

type Redis = ReturnType<typeof connectRedis>

export interface LocalGateway {
  readonly ports: Ports
  readonly call: (method: string, path: string, body?: object) => Promise<Record<string, unknown>>
  readonly said: () => string
  readonly redis: () => Redis
  stop(): Promise<void>
}

/** @param env settings of this one. */
export async function startLocalGateway(
  home: string,
  env: Readonly<Record<string, string>> = {},
  clone = '.',
): Promise<LocalGateway> {
  const ports = await instancePorts()
  const child = spawn(process.execPath, ['dist/deploy/run.js'], {
    cwd: clone,
    env: { PATH: process.env['PATH'], TRIBUTARY_HOME: home, TRIBUTARY_SAMPLE: 'off', ...settingsOf(ports), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await until('the start', () => {
    assert.equal(child.exitCode, null, said)
    return said.includes('Tributary is running.')
  })
  const token = () => readFileSync(join(home, 'admin-token'), 'utf8').trim()
  return {
    ports,
    call: async (method, path, body) => await callInstance(ports, token(), method, path, body),
    said: () => said,
    redis() {
      const title = familyOf(child.pid ?? 0)
        .map(commandOf)
        .find((command) => command.startsWith('redis-server'))
      return connectRedis(/unixsocket:([^\s\0]+)/.exec(title ?? '')?.[1] ?? '', 'api', () => {})
    },
    async stop() {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    },
  }
}

/** The Redis of a home while its instance is stopped. */
export async function withRedisOf<T>(home: string, what: (redis: Redis) => Promise<T>): Promise<T> {
  const places = { dataFolder: join(home, 'redis'), runFolder: mkdtempSync(join(dirname(home), 'run-')) }
  mkdirSync(places.dataFolder, { recursive: true })
  const child = await startRedis(places, childIdentity([]), { onLine: () => {} })
  const redis = connectRedis(redisSocket(places), 'api', () => {})
  try {
    return await what(redis)
  } finally {
    redis.disconnect()
    await child.stop(10_000)
  }
}
