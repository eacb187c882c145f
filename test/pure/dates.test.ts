import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDate, readOtherDate } from '../../src/dates/read.ts'
import { readUsualDate } from '../../src/dates/usual.ts'
import { Chance } from '../support/chance.ts'
import { writtenDates } from '../support/written-dates.ts'

/** One character for each octet, as a header is read. */
const octetsOf = (form: string) => (/^[\0-\xff]*$/.test(form) ? form : Buffer.from(form).toString('latin1'))

test('dates are read in every form in which they were found', () => {
  const wrong: string[] = []
  let forms = 0
  for (const [where, rows] of Object.entries(writtenDates)) {
    for (const [written, read] of rows) {
      forms += 1
      const ms = readDate(octetsOf(written))
      const is = ms === undefined ? undefined : new Date(ms).toISOString()
      const should = read === undefined ? undefined : new Date(read).toISOString()
      if (is !== should) wrong.push(`${where}: ${JSON.stringify(written)} is read as ${is}, and is ${should}`)
    }
  }
  assert.deepEqual(wrong, [])
  assert.ok(forms >= 200, `${forms} forms`)
})

/** Croatian is left out: it calls October what Polish and Czech call November. */
const languages =
  'en en-GB de de-AT fr es it pt pt-BR ca gl ro nl sv da nb nn is pl cs sk sl hu fi et lv lt tr id ms ru uk bg sr el he ar zh ja ko'

test('the months of forty languages are read as this runtime writes them, long and short, with the weekday', () => {
  const wrong: string[] = []
  for (const language of languages.split(' ')) {
    for (const month of ['long', 'short'] as const) {
      const shown = { weekday: 'short', day: 'numeric', month, year: 'numeric', timeZone: 'UTC' } as const
      const writer = new Intl.DateTimeFormat(`${language}-u-nu-latn-ca-gregory`, shown)
      for (let nth = 0; nth < 12; nth += 1) {
        const ms = Date.UTC(2004, nth, 28, 17, 0, 38)
        const written = `${writer.format(ms)} 17:00:38 +0000`
        const read = readDate(octetsOf(written))
        if (read !== ms) wrong.push(`${language}: ${written} is read as ${read}`)
      }
    }
  }
  assert.deepEqual(wrong, [])
})

test('a date that RFC 5322 writes always reads back, however it is folded and commented', (t) => {
  const seed = 20_261_128
  t.diagnostic(`seed ${seed}`)
  const chance = new Chance(seed)
  const gap = () => chance.of([' ', ' ', ' ', '  ', '\t', '\r\n ', '\r\n\t', ' (a) ', ' (a (b\\) c) d)\r\n ', '(;)'])
  for (let nth = 0; nth < 4000; nth += 1) {
    const hasSeconds = chance.happens(0.9)
    const zoneMinutes = chance.below(2 * 14 * 60) - 14 * 60
    const localMs = Date.UTC(
      1950 + chance.below(99),
      chance.below(12),
      1 + chance.below(28),
      chance.below(24),
      chance.below(60),
      hasSeconds ? chance.below(60) : 0,
    )
    const [weekday = '', day = '', month = '', year = '', time = ''] = new Date(localMs).toUTCString().split(' ')
    const clock = hasSeconds ? time : time.slice(0, 5)
    const zone = `${zoneMinutes < 0 ? '-' : '+'}${`${Math.floor(Math.abs(zoneMinutes) / 60)}`.padStart(2, '0')}${`${Math.abs(zoneMinutes) % 60}`.padStart(2, '0')}`
    const written = [
      chance.happens(0.8) ? `${weekday}${chance.of(['', ' ', '(x)', '\r\n '])}` : '',
      `${chance.happens(0.5) ? day.replace(/^0/, '') : day}${gap()}${month}${gap()}${chance.happens(0.8) ? year : year.slice(2)}${gap()}`,
      `${chance.happens(0.8) ? clock : clock.replaceAll(':', chance.of([' : ', ': ', '(x):']))}${gap()}${zone}${chance.of(['', ' (CEST)', ' (x;y)', '\r\n '])}`,
    ].join('')
    assert.equal(readDate(written), localMs - zoneMinutes * 60_000, JSON.stringify(written))
  }
})

test('whatever a hostile text holds, its time grows no faster than its length', () => {
  const pieces = [
    ' ',
    '(',
    ')',
    '()',
    '(\\',
    ';',
    ':',
    '1:',
    '1 ',
    '1,',
    '9',
    '-',
    '+1',
    'a',
    'ä',
    '\xe4',
    'jan ',
    '1 jan ',
    '=?',
    '=?a?q?',
    '\t',
    '\r\n ',
    '\0',
    'may 5 2004 ',
    '年',
    '1月',
  ]
  const from = process.cpuUsage()
  for (const piece of pieces) {
    const run = octetsOf(piece).repeat(Math.ceil(100_000 / piece.length))
    for (const text of [run, `Thu, 28 Oct 2004 17:00:38 ${run}`, `${run} Thu, 28 Oct 2004`]) readDate(text)
  }
  const { user, system } = process.cpuUsage(from)
  // 80 texts of 100,000 octets, some of them in 15 charsets; anything that is not linear would take minutes.
  assert.ok(user + system < 20_000_000, `${(user + system) / 1e6} s`)
})

test('a date in the usual form is read as the reader of all forms reads it, and no other form is taken for it', (t) => {
  const seed = 20_261_129
  t.diagnostic(`seed ${seed}`)
  const chance = new Chance(seed)
  const two = (value: number) => String(value).padStart(2, '0')
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec', 'jan', 'June']
  const years = ['1899', '1900', '1969', '1970', '2004', '2026', '2399', '2400', '2547', '0104', '19104', '26', '0001']
  let usual = 0
  for (let nth = 0; nth < 20_000; nth += 1) {
    const weekday = chance.of(['Mon, ', 'Tue, ', 'Wed, ', 'Sun, ', 'Sun ', '', 'Mon,  ', 'Mai, '])
    const day = chance.of([String(chance.below(33)), two(chance.below(33)), '30', '1', '28'])
    const year = chance.of([...years, String(1950 + chance.below(100))])
    const clock = `${two(chance.below(25))}:${two(chance.below(61))}:${two(chance.below(62))}`
    const zone = chance.of(['+0000', '-0000', '+0530', '-0800', '+9959', '+14', 'GMT', `+${two(chance.below(100))}00`])
    const comment = chance.of(['', '', '', ' (UTC)', ' (PDT)', ' (PST', '(CET)', ' (GMT+2)', ' ;'])
    const text = `${chance.of(['', ' ', '  '])}${weekday}${day} ${chance.of(months)} ${year} ${clock} ${zone}${comment}`
    const read = readUsualDate(text)
    if (read === undefined) continue
    usual += 1
    assert.equal(read, readOtherDate(text), text)
  }
  for (const rows of Object.values(writtenDates))
    for (const [written] of rows) {
      const read = readUsualDate(octetsOf(written))
      if (read !== undefined) assert.equal(read, readOtherDate(octetsOf(written)), written)
    }
  assert.ok(usual > 200, `${usual} of the usual form`)
})
