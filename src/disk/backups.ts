/** The backups that the gateway makes by itself, before it carries data over to another format: whole files, of which the newest stay. */
import { randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { linesIn } from '../lines.ts'
import { diskLimits } from './limits.ts'

const unfinished = '.part'
/** So old is what a process has left behind that was killed. */
const leftBehindMs = 86_400_000

/**
 * Writes a backup and reads it back before it gets its name: a file with that name is whole.
 *
 * @param folder is made if it is missing.
 * @returns its path.
 */
export async function writeBackup(
  folder: string,
  format: number,
  lines: AsyncIterable<string>,
  nowMs: number,
): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const at = new Date(nowMs).toISOString().slice(0, 19).replaceAll(':', '')
  const name = `format-${format}-${at}-${randomBytes(3).toString('hex')}.ndjson.gz`
  const [path, written] = [join(folder, name), join(folder, `${name}${unfinished}`)]
  try {
    await pipeline(
      Readable.from(lines),
      createGzip({ level: 1 }),
      createWriteStream(written, { mode: 0o600, flags: 'wx', flush: true }),
    )
    await demandWhole(written)
    await rename(written, path)
  } catch (error) {
    await rm(written, { force: true })
    throw error
  }
  await syncFolder(folder)
  await removeOld(folder, name)
  return path
}

/** Makes a folder for the file of a restore, and removes what restores that were killed have left there. */
export async function restoreFolder(parent: string, nowMs: number): Promise<string> {
  await mkdir(parent, { recursive: true, mode: 0o700 })
  for (const name of await readdir(parent)) {
    const path = join(parent, name)
    if (!/^restore-[A-Za-z0-9]{6}$/.test(name) || (await stat(path)).mtimeMs > nowMs - leftBehindMs) continue
    await rm(path, { recursive: true, force: true })
  }
  return await mkdtemp(join(parent, 'restore-'))
}

/** The last line of a backup counts those before it. */
export async function demandWhole(path: string): Promise<void> {
  let [count, last] = [0, '']
  await pipeline(createReadStream(path), createGunzip(), async (unzipped) => {
    for await (const lines of linesIn(unzipped as AsyncIterable<Buffer>, Number.POSITIVE_INFINITY))
      [count, last] = [count + lines.length, lines.at(-1) ?? '']
  })
  if (!last.startsWith('{"end":true,') || (JSON.parse(last) as { readonly lines: unknown }).lines !== count - 1)
    throw new Error(`The backup ${path} could not be read back whole`)
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Other people's files stay; the remains of a process that was killed are removed. */
async function removeOld(folder: string, newest: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => /^format-\d+-.*\.ndjson\.gz(?:\.part)?$/.test(name))
  const timeOf = (name: string) => name.replace(/^format-\d+-/, '')
  const whole = names
    .filter((name) => !name.endsWith(unfinished) && name !== newest)
    .toSorted((a, b) => (timeOf(a) < timeOf(b) ? 1 : -1))
  const old = [...whole.slice(diskLimits.backupsKept - 1), ...names.filter((name) => name.endsWith(unfinished))]
  for (const name of old) await rm(join(folder, name), { force: true })
}
