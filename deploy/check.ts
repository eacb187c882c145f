/**
 * The health check of a container: it is called as `check.js redis`, `check.js worker` or `check.js api`, or with the URL of a server that must
 * answer. It is run again and again; so it uses no packages, and starts fast, unless a worker's Redis is reached otherwise than plainly.
 */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { withDeadline } from '../src/deadline.ts'
import { isThere } from '../src/disk/is-there.ts'
import { keys } from '../src/redis/key-names.ts'
import {
  answerWithinMs,
  askRedis,
  httpAnswers,
  imapGreets,
  type RedisDoor,
  redisPongs,
  submissionGreets,
} from './probes.ts'

async function isWell(what: string): Promise<boolean> {
  if (what === 'redis') return await redisHerePongs()
  if (what === 'worker') return await workerSaysAlive()
  if (what === 'api') return (await httpAnswers(new URL('/healthz', apiHere()))) && (await mailIsTaken())
  if (!URL.canParse(what)) throw new Error('check.js redis, check.js worker, check.js api, or a URL')
  const url = new URL(what)
  return url.protocol === 'imap:' ? await imapGreets(Number(url.port)) : await httpAnswers(url)
}

function apiHere(): string {
  const { TRIBUTARY_TLS_CERT: certificate = '', TRIBUTARY_HTTP_PORT: port = '8420' } = process.env
  return `${certificate === '' ? 'http' : 'https'}://127.0.0.1:${port}`
}

/** Whether mail programs can send, if they are to: without a certificate they do not (api/submission/serve.ts). */
async function mailIsTaken(): Promise<boolean> {
  const { TRIBUTARY_HOME: home = './data', TRIBUTARY_TLS_CERT = '' } = process.env
  const { TRIBUTARY_SUBMISSIONS_PORT: secure = '1465', TRIBUTARY_SUBMISSION_PORT: clear = '1587' } = process.env
  if (TRIBUTARY_TLS_CERT === '' && !isThere(join(home, 'tls', 'cert.pem'))) return true
  const ports = [
    [Number(secure), true],
    [Number(clear), false],
  ] as const
  const greets = ports.map(async ([port, isSecure]) => port === 0 || (await submissionGreets(port, isSecure)))
  return (await Promise.all(greets)).every(Boolean)
}

/** Undefined if it takes more than a connection and a password: Sentinel, a Cluster, TLS, a user, a socket. */
function plainRedis(): RedisDoor | undefined {
  const { TRIBUTARY_REDIS_URL: text = '', TRIBUTARY_REDIS_PASSWORD_FILE: file, TRIBUTARY_REDIS_PASSWORD } = process.env
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'redis:' || url.username !== '' || TRIBUTARY_REDIS_PASSWORD !== undefined) return undefined
  const password = file === undefined ? decodeURIComponent(url.password) : readFileSync(file, 'utf8').trim()
  return { host: url.hostname, port: Number(url.port || 6379), password }
}

async function redisHerePongs(): Promise<boolean> {
  const door = plainRedis()
  if (door === undefined) throw new Error('check.js redis needs a TRIBUTARY_REDIS_URL like redis://HOST:PORT')
  return await redisPongs(door)
}

/** Looks for the worker's sign of life in Redis. The worker writes it there every few seconds; it listens at no port. */
async function workerSaysAlive(): Promise<boolean> {
  const door = plainRedis()
  const alive = door === undefined ? await workersAnywhere() : await workersAt(door)
  return new RegExp(`^${hostname()}:\\d+\r?$`, 'm').test(alive ?? '')
}

async function workersAt(door: RedisDoor): Promise<string | undefined> {
  // By Redis' own clock, as the worker writes it: those of machines differ.
  const names = "return redis.call('ZRANGEBYSCORE', KEYS[1], redis.call('TIME')[1] * 1000, '+inf')"
  return await askRedis(door, ['EVAL', names, '1', keys.workers])
}

/** Asks as the worker itself does. */
async function workersAnywhere(): Promise<string> {
  const { readEnvironment } = await import('../src/disk/environment.ts')
  const { connectRedis } = await import('../src/redis/connection.ts')
  const { LiveWorkers } = await import('../src/redis/workers.ts')
  const { redisUrl, redisSentinelPassword } = readEnvironment(process.env)
  if (redisUrl === undefined) throw new Error('TRIBUTARY_REDIS_URL is missing')
  let reason = 'no answer'
  const onError = (words: string) => {
    reason = words
  }
  const redis = connectRedis(redisUrl, 'worker', onError, redisSentinelPassword)
  const late = () => new Error(`Redis does not say which workers are alive (${reason})`)
  try {
    return (await withDeadline(new LiveWorkers(redis).names(), { waitMs: answerWithinMs, late })).join('\n')
  } finally {
    redis.disconnect()
  }
}

try {
  process.exitCode = (await isWell(process.argv[2] ?? '')) ? 0 : 1
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
