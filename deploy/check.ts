/**
 * The health check of a container, without packages, because it is run again and again: `check.js redis`, `check.js worker`,
 * `check.js api`, or the URL of what must answer.
 */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { keys } from '../src/redis/key-names.ts'
import { askRedis, httpAnswers, imapGreets, redisPongs } from './probes.ts'

async function isWell(what: string): Promise<boolean> {
  if (what === 'redis') return await redisPongs(redis())
  if (what === 'worker') return await workerSaysAlive()
  if (what === 'api') return await httpAnswers(new URL('/healthz', apiHere()))
  const url = new URL(what)
  return url.protocol === 'imap:' ? await imapGreets(Number(url.port)) : await httpAnswers(url)
}

function apiHere(): string {
  const { TRIBUTARY_TLS_CERT: certificate = '', TRIBUTARY_HTTP_PORT: port = '8420' } = process.env
  return `${certificate === '' ? 'http' : 'https'}://127.0.0.1:${port}`
}

function redis() {
  const url = new URL(process.env['TRIBUTARY_REDIS_URL'] ?? '')
  const file = process.env['TRIBUTARY_REDIS_PASSWORD_FILE']
  const password = file === undefined ? decodeURIComponent(url.password) : readFileSync(file, 'utf8').trim()
  return { host: url.hostname, port: Number(url.port), password }
}

/** A worker has no door; it tells Redis every few seconds that it is there, under this name. */
async function workerSaysAlive(): Promise<boolean> {
  const alive = await askRedis(redis(), ['ZRANGEBYSCORE', keys.workers, String(Date.now()), '+inf'])
  return new RegExp(`^${hostname()}:\\d+\\r$`, 'm').test(alive ?? '')
}

process.exitCode = (await isWell(process.argv[2] ?? '')) ? 0 : 1
