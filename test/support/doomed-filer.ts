/**
 * Files copies in Sent in a process of its own, each up to a place that its options name: it ends by SIGKILL once all have come to theirs.
 */
import { createServer } from 'node:net'
import { OutboxFiles } from '../../src/disk/outbox.ts'
import { StorePool } from '../../src/imap/pool.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { followCopy } from '../../workers/outbox-copies.ts'
import type { DoomedFilerOptions } from './doomed-filers.ts'
import { SentCase } from './sent-case.ts'

const { redisUrl, store, imapPort, folder, cases } = JSON.parse(process.argv[2] ?? '{}') as DoomedFilerOptions
const redis = connectRedis(redisUrl, 'worker', () => {})
const pool = new StorePool(store, { lateMs: 20 })
let awaited = cases.length

for (const { id, login, kind, when, nth, now } of cases) {
  const files = new OutboxFiles(folder)
  const it = new SentCase(kind, { redis, dovecot: { imapPort }, bare: createServer(), pool, files, logins: [login] })
  it.id = id
  it.now = now
  it.crash = { when, nth }
  it.end = async () => {
    awaited -= 1
    if (awaited === 0) process.kill(process.pid, 'SIGKILL')
    return await new Promise<never>(() => {})
  }
  void followCopy(it, id).then(
    () => process.exit(1),
    () => process.exit(2),
  )
}
