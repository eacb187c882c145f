import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { demandWhole, writeBackup } from '../../src/disk/backups.ts'
import { diskLimits } from '../../src/disk/limits.ts'
import { markOf } from '../../src/redis/format/mark.ts'
import { formatOf, formatSteps } from '../../src/redis/format/steps.ts'
import { redisLimits } from '../../src/redis/limits.ts'

const folder = mkdtempSync('/tmp/tributary-backups-')
after(() => rmSync(folder, { recursive: true, force: true }))

async function* lines(whole = true) {
  yield* await Promise.resolve(['{"format":"tributary backup"}\n', `{"key":"a\u2028b\u2029c"}\n`])
  if (whole) yield '{"end":true,"lines":2}\n'
}

test('a backup before data are carried over is a whole file for its owner alone, named by format and time', async () => {
  const at = Date.UTC(2026, 10, 28, 14, 15)
  const path = await writeBackup(join(folder, 'made'), 1, lines(), at)
  assert.match(path, /\/made\/format-1-2026-11-28T141500-[0-9a-f]{6}\.ndjson\.gz$/)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(statSync(join(folder, 'made')).mode & 0o777, 0o700)
  assert.match(gunzipSync(readFileSync(path)).toString(), /^[^\n]*\n[^\n]*\n\{"end":true,"lines":2\}\n$/)
})

test('a subject that has a line separator in it, U+2028, is no end of a line, whatever Node reads', async () => {
  assert.match(await writeBackup(join(folder, 'separated'), 2, lines(), 0), /\.gz$/)
})

test('one that cannot be read back whole is no backup, and leaves nothing', async () => {
  const short = join(folder, 'short')
  await assert.rejects(writeBackup(short, 1, lines(false), 0), /could not be read back whole/)
  assert.deepEqual(readdirSync(short), [])
  async function* broken() {
    yield* await Promise.resolve(['{"format":"tributary backup"}\n'])
    throw new Error('Redis went away')
  }
  await assert.rejects(writeBackup(short, 1, broken(), 0), /Redis went away/)
  assert.deepEqual(readdirSync(short), [])
})

test('a file that the disk gives back damaged is refused, and takes nobody with it', async () => {
  const cut = join(folder, 'cut.gz')
  const whole = readFileSync(await writeBackup(join(folder, 'damaged'), 1, lines(), 0))
  writeFileSync(cut, whole.subarray(0, -9))
  await assert.rejects(demandWhole(cut))
  await assert.rejects(demandWhole(join(folder, 'missing.gz')))
  // What nobody waits for would end the process now.
  await new Promise(setImmediate)
})

test('the newest stay, whatever format they have; files of people stay, and what a killed process left goes', async () => {
  const many = join(folder, 'many')
  await writeBackup(many, 2, lines(), 0)
  writeFileSync(join(many, 'mine.ndjson.gz'), '')
  writeFileSync(join(many, 'format-1-2026-11-28T141500-aaaaaa.ndjson.gz.part'), '')
  for (let nth = 1; nth <= diskLimits.backupsKept + 3; nth += 1) await writeBackup(many, 1, lines(), nth * 86_400_000)
  const names = readdirSync(many).toSorted()
  assert.equal(names.length, diskLimits.backupsKept + 1)
  assert.ok(names.includes('mine.ndjson.gz'))
  assert.match(names[0] ?? '', /^format-1-1970-01-05T/)
})

test('the number that scripts compare is the one to which the steps lead', () => {
  assert.equal(formatOf(formatSteps), redisLimits.dataFormat)
})

test('a mark is read, and one of a later form counts as newer than anything', () => {
  assert.deepEqual(markOf('12'), { state: 'settled', format: 12 })
  assert.deepEqual(markOf('1 to 3'), { state: 'carrying', from: 1, to: 3 })
  assert.deepEqual(markOf('restoring'), { state: 'restoring' })
  for (const strange of ['', '1.5', 'two', '1 to', '{"number":3}'])
    assert.deepEqual(markOf(strange), { state: 'settled', format: Number.POSITIVE_INFINITY })
})
