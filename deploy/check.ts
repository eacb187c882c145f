/**
 * The health check of a container: it is called as `check.js redis`, `check.js worker` or `check.js api`, or with the URL of a server that must
 * answer. It uses no packages, so that it starts fast: it is run again and again.
 */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { keys } from '../src/redis/key-names.ts'
import { askRedis, httpAnswers, imapGreets, redisPongs } from './probes.ts'

async function isWell(what: string): Promise<boolean> {
  if (what === 'redis') return await redisPongs(redis())
  if (what === 'worker') return await workerSaysAlive()
  if (what === 'api') return await httpAnswers(new URL('/healthz', apiHere()))
  if (!URL.canParse(what)) throw new Error('check.js redis, check.js worker, check.js api, or a URL')
  const url = new URL(what)
  return url.protocol === 'imap:' ? await imapGreets(Number(url.port)) : await httpAnswers(url)
}

function apiHere(): string {
  const { TRIBUTARY_TLS_CERT: certificate = '', TRIBUTARY_HTTP_PORT: port = '8420' } = process.env
  return `${certificate === '' ? 'http' : 'https'}://127.0.0.1:${port}`
}

function redis() {
  const text = process.env['TRIBUTARY_REDIS_URL'] ?? ''
  if (!URL.canParse(text)) throw new Error('TRIBUTARY_REDIS_URL must be a URL')
  const url = new URL(text)
  const file = process.env['TRIBUTARY_REDIS_PASSWORD_FILE']
  const password = file === undefined ? decodeURIComponent(url.password) : readFileSync(file, 'utf8').trim()
  return { host: url.hostname, port: Number(url.port), password }
}

/** Looks for the worker's sign of life in Redis. The worker writes it there every few seconds; it listens at no port. */
async function workerSaysAlive(): Promise<boolean> {
  // By Redis' own clock, as the worker writes it: those of machines differ.
  const names = "return redis.call('ZRANGEBYSCORE', KEYS[1], redis.call('TIME')[1] * 1000, '+inf')"
  const alive = await askRedis(redis(), ['EVAL', names, '1', keys.workers])
  return new RegExp(`^${hostname()}:\\d+\\r$`, 'm').test(alive ?? '')
}

try {
  process.exitCode = (await isWell(process.argv[2] ?? '')) ? 0 : 1
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
