/** `/backup` and `/restore`: everything except the mail and the secret key, as one file (CONTRACT section 6). */
import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import type { Redis } from 'ioredis'
import { restoreFolder, writeBackup } from '../../src/disk/backups.ts'
import { backupLines } from '../../src/redis/backup.ts'
import { BackupUnfit } from '../../src/redis/backup-entry.ts'
import { keys } from '../../src/redis/key-names.ts'
import type { PullQueue } from '../../src/redis/queue.ts'
import { checkBackup } from '../../src/redis/backup-check.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { demandRoom, restoreBackup, RestoreBusy } from '../../src/redis/restore.ts'
import type { Seal } from '../../src/seal.ts'
import type { App } from '../app.ts'
import { backupMistake } from '../backup-records.ts'
import type { HostedLogins } from '../hosted-logins.ts'
import { linesIn } from '../../src/lines.ts'
import { conflict, Problem } from '../http/problems.ts'
import { route } from '../http/route.ts'
import { apiLimits } from '../limits.ts'
import { File } from '../schemas/answers.ts'
import * as schemas from '../schemas/backup.ts'
import type { Resealing } from './keys.ts'

export interface BackupWorld {
  readonly redis: Redis
  readonly queue: PullQueue
  readonly hosted: HostedLogins
  readonly seal: Seal
  readonly resealing: Resealing
  /** The folder of backups under TRIBUTARY_HOME; undefined: the system's temporary one. */
  readonly backups?: string
}

export async function backupRoutes(app: App, world: BackupWorld): Promise<void> {
  app.get('/backup', readBackup, async (_request, reply) => {
    const nowMs = Date.now()
    const name = `tributary-${new Date(nowMs).toISOString().slice(0, 19).replaceAll(':', '')}.ndjson.gz`
    const zipped = createGzip({ level: 1 })
    // A backup that breaks off is a file without its end, which /restore refuses.
    pipeline(Readable.from(backupLines(world.redis, world.seal, nowMs)), zipped).catch(() => {})
    return await reply
      .type('application/gzip')
      .header('content-disposition', `attachment; filename="${name}"`)
      .send(zipped)
  })
  await app.register(restoreRoute, world)
}

const access = { scope: 'admin', instance: true } as const

const readBackup = route(
  { ...access, answers: 'download' },
  {
    operationId: 'readBackup',
    summary: 'Back everything up but the mail and the secret key',
    description:
      'One file (gzip of JSON lines) with accounts, destinations, ledgers, quarantine and the history of runs. Passwords of providers are in it sealed: keep the file secret-key beside it, in another place. May be taken while everything runs.',
    produces: ['application/gzip'],
    response: { 200: File },
  },
)

const restore = route(access, {
  operationId: 'restoreBackup',
  summary: 'Restore a backup',
  description:
    'The body is a file of GET /backup. All of it is read and checked before anything is changed. Where there are accounts or destinations: 409, unless replace=true, which removes them, and writes a backup of them first. Needs the secret key that the backup was made with; that key also proves that an instance wrote the file. One without such a proof, made by an earlier version or by hand, is read strictly, refused with proven=true, and otherwise answered with a `notice`. A backup of an older version is carried over to today’s format; one of a newer version is refused. Every account is compared with the store before its next pull, so that mail which came since the backup is not stored twice.',
  problems: ['in-use', 'another-key', 'unproven', 'conflict'],
  consumes: ['application/gzip'],
  querystring: schemas.Restore,
  response: { 200: schemas.Restored },
})

/** This is a plugin of its own because of its parser: the body is taken as a stream, whatever its type and size. */
async function restoreRoute(app: App, world: BackupWorld): Promise<void> {
  let isAtWork = false
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, body, done) => done(null, body))
  app.post('/restore', restore, async ({ query, body, headers, log }) => {
    if (Number(headers['content-length'] ?? 0) > apiLimits.backupOctetsMax) throw tooLarge()
    if (!query.replace) await demandNothingThere(world.redis)
    // Each takes as much of the disk as its file has.
    if (isAtWork) throw conflict(new RestoreBusy().message)
    isAtWork = true
    const parent = world.backups ?? tmpdir()
    let folder: string | undefined
    try {
      folder = await restoreFolder(parent, Date.now())
      const file = join(folder, 'backup.gz')
      await pipeline(bounded(body as Readable), createWriteStream(file, { mode: 0o600 }))
      const answer = await restored(world, file, query)
      if (!answer.proven) log.warn({ event: 'backup without proof restored', reason: answer.notice })
      return answer
    } catch (error) {
      if (error instanceof BackupUnfit) throw new Problem(problemOfFault[error.fault], error.message)
      if (error instanceof RestoreBusy) throw conflict(error.message)
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC')
        throw new Problem('too-large', `There is no room for it in ${parent}; make room there, and restore again.`)
      throw error
    } finally {
      isAtWork = false
      if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    }
  })
}

const problemOfFault = {
  file: 'malformed',
  key: 'another-key',
  newer: 'conflict',
  unproven: 'unproven',
  room: 'too-large',
} as const

async function restored(world: BackupWorld, file: string, { replace, proven: demandProof }: schemas.Restore) {
  const { redis, queue, hosted, seal, resealing } = world
  const lines = () => backupLinesIn(file)
  const { version, createdAt, accounts, destinations, proven, grants, octets } = await checkBackup(lines(), seal, {
    mistakeIn: backupMistake,
    demandProof,
  })
  await demandRoom(redis, octets)
  // Somebody may have registered something while the file was read.
  if (!replace) await demandNothingThere(redis)
  const before = await savedBefore(world)
  await queue.clear()
  try {
    await restoreBackup(redis, { lines, version }, Date.now())
  } catch (error) {
    if (error instanceof RestoreBusy || before === null) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new Problem(
      'internal',
      `The restore broke off (${reason}), and nothing of the backup was kept. What was there before is in ${before}: restore that, or this backup once more.`,
    )
  }
  await hosted.write()
  // The backup may be from the time of an older key.
  resealing.begin()
  return { createdAt, accounts, destinations, proven, notice: proven ? null : noticeOf(grants), before }
}

/** What is there is in no other backup, and the next step removes it. @returns the file. */
async function savedBefore({ redis, seal, backups }: BackupWorld): Promise<string | null> {
  if (backups === undefined || !(await isAnythingThere(redis))) return null
  const nowMs = Date.now()
  return await writeBackup(backups, redisLimits.dataFormat, backupLines(redis, seal, nowMs), nowMs)
}

function noticeOf(grants: readonly string[]): string {
  const brought = grants.length === 0 ? '' : ` It brought ${grants.join(', ')}: look them through.`
  return `Nothing proves that an instance with this secret key wrote this backup: it is of an earlier version, or was made by hand.${brought}`
}

async function isAnythingThere(redis: Redis): Promise<boolean> {
  return (await redis.exists(keys.accounts, keys.destinations)) > 0
}

async function demandNothingThere(redis: Redis): Promise<void> {
  if (await isAnythingThere(redis)) {
    throw new Problem(
      'in-use',
      'There are accounts or destinations already; with ?replace=true they and their history are removed, and the backup takes their place.',
    )
  }
}

async function* bounded(body: AsyncIterable<Buffer> | undefined): AsyncGenerator<Buffer> {
  let octets = 0
  for await (const piece of body ?? []) {
    octets += piece.length
    if (octets > apiLimits.backupOctetsMax) throw tooLarge()
    yield piece
  }
}

function tooLarge(): Problem {
  return new Problem('too-large', `A backup has up to ${apiLimits.backupOctetsMax} octets. Nothing was changed.`)
}

/** @throws BackupUnfit if the file is no whole gzip file, or a line is longer than any line of a backup. */
async function* backupLinesIn(file: string): AsyncGenerator<string> {
  const unzipped = createReadStream(file)
    .on('error', (error) => unzipped.destroy(error))
    .pipe(createGunzip())
  let octets = 0
  try {
    for await (const lines of linesIn(unzipped as AsyncIterable<Buffer>, apiLimits.backupLineOctetsMax)) {
      for (const line of lines) {
        if (line === undefined) throw lineTooLong()
        octets += line.length + 1
        if (octets > apiLimits.backupPlainOctetsMax) throw unpacksTooLarge()
        yield line
      }
    }
  } catch (error) {
    if (!(error instanceof Error && String((error as NodeJS.ErrnoException).code).startsWith('Z_'))) throw error
    throw new BackupUnfit('file', `This is no whole gzip file: ${error.message}. Nothing was changed.`)
  }
}

function unpacksTooLarge(): BackupUnfit {
  return new BackupUnfit('file', 'This is no backup of Tributary: unpacked it is larger than any. Nothing was changed.')
}

function lineTooLong(): BackupUnfit {
  return new BackupUnfit('file', 'This is no backup of Tributary: it has a line without an end. Nothing was changed.')
}
