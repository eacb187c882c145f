import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parsed } from '../../cli/events.ts'
import { Cli } from '../../cli/cli.ts'
import { Pace } from '../../cli/progress.ts'
import { programOf } from '../../cli/program.ts'
import { examplesOf, leavesOf, pathOf, reference } from '../../cli/reference.ts'
import { octetsPerHour, nothing } from '../../cli/options.ts'
import { changeOf } from '../../cli/settings.ts'
import { fieldsOf, tableOf, widthOf } from '../../cli/table.ts'
import { againOf, away, deferredOf, duration, octets, sentenceOf } from '../../cli/words.ts'
import type { Run } from '../../cli/wire.ts'

const run: Run = {
  id: '01JQ5Z0V9Q3W7X2B4C6D8E0F1G',
  accountId: '01JQ5Z0V9Q3W7X2B4C6D8E0F1H',
  task: 'pull',
  state: 'running',
  cause: 'request',
  queuedAt: '2026-11-24T12:00:00.000Z',
  startedAt: '2026-11-24T12:00:01.000Z',
  finishedAt: null,
  listed: 1000,
  stored: 0,
  bytes: 0,
  recovered: 0,
  deleted: 0,
  quarantined: 0,
  deferred: 0,
  failure: null,
  fetched: null,
  more: false,
  checks: 1,
  secondsLeft: null,
  waitsUntil: null,
  notices: [],
}
const program = programOf(new Cli({}, process, new AbortController().signal))

test('docs/cli.md says what the command line says', () => {
  const [, commands = ''] = readFileSync('docs/cli.md', 'utf8').split('\n## Commands\n\n')
  const wanted = 'write below "## Commands" of docs/cli.md what "tributary reference" prints'
  assert.ok(commands.trimEnd() === reference(program).trimEnd(), wanted)
})

test('every command has an example, and each is a line that the command line takes', () => {
  for (const leaf of leavesOf(program)) {
    const lines = examplesOf(leaf)
    assert.ok(lines.length > 0, pathOf(leaf))
    for (const line of lines) {
      const [, words = ''] = /(tributary .*?)(?: [|<>#].*|\)".*)?$/.exec(line) ?? []
      const options = [...leaf.options, ...program.options].flatMap(({ short, long }) => [short, long])
      assert.ok(words.startsWith(pathOf(leaf)), line)
      for (const [, option = ''] of words.matchAll(/(?<= )(--?[a-z][a-z-]*)/g))
        assert.ok(options.includes(option), line)
    }
  }
})

test('a table is aligned by what is seen, and nothing in it moves a cursor', () => {
  const rows = [
    { name: 'Grüße', size: 7, about: 'short' },
    { name: '日本語', size: 1234, about: 'a red \x1b[31mtext\r\nand \u202ebackwards' },
  ]
  const columns = [
    { title: 'name', of: (row: (typeof rows)[0]) => row.name },
    { title: 'size', of: (row: (typeof rows)[0]) => row.size, right: true },
    { title: 'about', of: (row: (typeof rows)[0]) => row.about },
  ]
  assert.deepEqual(tableOf(columns, rows), [
    'NAME    SIZE  ABOUT',
    'Grüße      7  short',
    '日本語  1234  a red ␛[31mtext␍␊and �backwards',
  ])
  assert.deepEqual(tableOf(columns, rows, 24).at(-1), '日本語  1234  a red ␛[3…')
  assert.equal(widthOf('👩‍👩‍👧 é'), 4)
  assert.deepEqual(
    fieldsOf([
      ['id', 1],
      ['nothing', null],
      ['certificate', 'x'],
    ]),
    ['id           1', 'certificate  x'],
  )
})

test('numbers and times as people say them', () => {
  assert.deepEqual([0, 999, 1000, 123_456, 9_949_999, 5e12].map(octets), [
    '0 B',
    '999 B',
    '1.0 kB',
    '123 kB',
    '9.9 MB',
    '5.0 TB',
  ])
  assert.deepEqual([0, 59_400, 61_000, 7_500_000, 864_000_000].map(duration), [
    '0 s',
    '59 s',
    '1 min 01 s',
    '2 h 05 min',
    '10 days',
  ])
  assert.deepEqual([away('2026-11-24T12:02:05Z', Date.parse('2026-11-24T12:00:00Z')), away(null)], ['in 2 min', ''])
  const failure = { kind: 'unreachable', message: 'pop.example.net does not answer.', passes: false } as const
  const failed = { ...run, state: 'failed', listed: 0, failure } as const
  assert.equal(sentenceOf(failed), 'pop.example.net does not answer.')
  assert.equal(
    sentenceOf({ ...failed, stored: 3, listed: 9 }),
    'pop.example.net does not answer. (9 listed, 3 stored (0 B))',
  )
  assert.equal(sentenceOf({ ...run, task: 'rebuild', recovered: 12 }), '12 found in the store')
  const limited = { ...run, state: 'done', stored: 3, bytes: 2000, more: true } as const
  const began = '1,000 listed, 3 stored (2.0 kB), more is to come'
  assert.equal(sentenceOf(limited), began)
  assert.equal(sentenceOf({ ...limited, secondsLeft: 7600 }), `${began}, about 2 h left`)
})

test('how far a run is, how fast, and how long it takes yet', () => {
  const pace = new Pace()
  pace.saw({ ...run, state: 'queued' }, 0)
  assert.equal(pace.line('me', 100), 'me  waits for a worker')
  pace.saw({ ...run, listed: 0 }, 500)
  assert.equal(pace.line('me', 600), 'me  looks what is there')
  pace.saw({ ...run, fetched: { messages: 400, of: 800 }, stored: 300, bytes: 40_000_000 }, 4900)
  assert.equal(pace.line('me', 5000), 'me  [############------------]  50%  400 of 800  40.0 MB  8.0 MB/s  5 s left')
  pace.saw({ ...run, fetched: { messages: 800, of: 800 }, stored: 800, bytes: 80_000_000 }, 9000)
  assert.match(pace.line('me', 9000), /100% {2}800 of 800 {2}80\.0 MB {2}[\d.]+ MB\/s$/)
  const limited = new Pace()
  limited.saw({ ...run, fetched: { messages: 400, of: 800 }, secondsLeft: 7200 }, 0)
  assert.match(limited.line('me', 900), / 2 h 00 min left$/)
  const untold = new Pace()
  untold.saw({ ...run, stored: 200, recovered: 40, quarantined: 10 }, 0)
  assert.match(untold.line('me', 0), / 25% {2}250 of 1,000 /)
})

test('what an import may bring in an hour is written as people say it', () => {
  const written = ['20MB', '500 kB', '1.5G', '123456', '0.5mb', 'none']
  assert.deepEqual(written.map(octetsPerHour), [20_000_000, 500_000, 1_500_000_000, 123_456, 500_000, nothing])
  for (const wrong of ['', '20 apples', 'MB', '1,5MB', '-1', '20 MB/h'])
    assert.throws(() => octetsPerHour(wrong), /20MB/)
})

test('server-sent events, wherever the line is cut', async () => {
  const text =
    'retry: 2000\nid: 1-0\n\n: a comment\r\nevent: run\r\nid: 2-0\r\ndata: {"a":\r\ndata: 1}\r\n\r\nevent: account\ndata: {}\n\ndata: left open'
  const wanted = [
    { event: 'message', data: '', id: '1-0' },
    { event: 'run', data: '{"a":\n1}', id: '2-0' },
    { event: 'account', data: '{}', id: '2-0' },
  ]
  for (let size = 1; size < text.length; size += 7) {
    const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, nth) =>
      text.slice(nth * size, nth * size + size),
    )
    const seen: object[] = []
    for await (const one of parsed(stream(pieces))) seen.push(one)
    assert.deepEqual(seen, wanted, `pieces of ${size}`)
  }
})

async function* stream(pieces: readonly string[]): AsyncGenerator<string> {
  yield* pieces
}

test('a setting is set as what it is now', () => {
  const settings = { ownerPorts: { pop3: [110, 995], web: [443] }, arrivedKeptDays: 30, smtp: null, name: 'x' }
  const changed = (word: string) => changeOf(word, settings)
  assert.deepEqual(changed('ownerPorts.pop3=995'), { ownerPorts: { pop3: [995] } })
  assert.deepEqual(changed('ownerPorts.web='), { ownerPorts: { web: [] } })
  assert.deepEqual(changed('arrivedKeptDays=0'), { arrivedKeptDays: 0 })
  assert.deepEqual(changed('smtp.host=mail=1'), { smtp: { host: 'mail=1' } })
  assert.throws(() => changed('arrivedDays=1'), /There is no setting arrivedDays; there are ownerPorts\.pop3, /)
  assert.throws(() => changed('name'), /name should be NAME=VALUE/)
})

test('what a run leaves to the next ones is told, and when a message that was set aside is tried again', () => {
  const done: Run = { ...run, state: 'done', listed: 9, stored: 3, deferred: 2 }
  assert.equal(sentenceOf(done), '9 listed, 3 stored (0 B), 2 not fetched yet, tried again by themselves')
  assert.equal(deferredOf(done), '2 messages could not be fetched yet; they are tried again by themselves.')
  assert.equal(deferredOf({ deferred: 1 }), '1 message could not be fetched yet; it is tried again by itself.')
  assert.equal(deferredOf(run), undefined)
  assert.equal(sentenceOf({ ...run, state: 'queued' }), 'waits for a worker')
  assert.equal(sentenceOf({ ...run, state: 'queued', notices: ['It was put off.'] }), 'It was put off.')
  const nowMs = Date.parse('2026-11-24T12:00:00.000Z')
  assert.equal(againOf({ nextAttemptAt: null }, nowMs), 'only by hand')
  assert.equal(againOf({ nextAttemptAt: '2026-11-24T18:30:00.000Z' }, nowMs), 'in 6 h')
  assert.equal(againOf({ nextAttemptAt: '2026-11-24T11:00:00.000Z' }, nowMs), 'in the next run')
})
