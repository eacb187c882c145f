import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CalendarEvent, eventsIn } from '../../src/mail/calendar.ts'
import { takenMs } from '../support/stretches.ts'

const calendar = (event: string, around = '') =>
  `BEGIN:VCALENDAR\nMETHOD:REQUEST\n${around}BEGIN:VEVENT\n${event}END:VEVENT\nEND:VCALENDAR\n`.replaceAll('\n', '\r\n')

function eventIn(event: string, around = ''): CalendarEvent {
  const [only] = eventsIn(calendar(event, around))
  assert.ok(only)
  return only
}

const starts = (line: string, around = '') => eventIn(`${line}\n`, around).start

test('an invitation is read: what, when, where, who, folded and escaped', () => {
  assert.deepEqual(
    eventIn(
      'SUMMARY:Dinner\\, and \n  the engine\\; soon\nLOCATION;LANGUAGE=en:1 Dorset\\nStreet\nDTSTART:20261201T190000Z\nDURATION:PT1H30M\n' +
        'ORGANIZER;CN="Babbage, Charles":mailto:c@example.org\nATTENDEE;CN=Ada;PARTSTAT=NEEDS-ACTION:MAILTO:ada@example.org\n' +
        'ATTENDEE:mailto:me@example.net\nRRULE:FREQ=WEEKLY;COUNT=4\n',
    ),
    {
      summary: 'Dinner, and the engine; soon',
      location: '1 Dorset Street',
      start: { at: '2026-12-01T19:00:00.000Z', local: '2026-12-01T19:00:00', zone: 'UTC' },
      end: { at: '2026-12-01T20:30:00.000Z', local: '2026-12-01T20:30:00', zone: 'UTC' },
      organizer: { name: 'Babbage, Charles', address: 'c@example.org' },
      attendees: [
        { name: 'Ada', address: 'ada@example.org' },
        { name: null, address: 'me@example.net' },
      ],
      cancelled: false,
      repeats: 'weekly',
    },
  )
})

test('a time is read in its zone, by its name or as the part describes it; what nobody can know stays as it is written', () => {
  const zone = (id: string) =>
    `BEGIN:VTIMEZONE\nTZID:${id}\nBEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\n` +
    'BEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE\n'
  for (const [line, at, around] of [
    ['DTSTART;TZID=Asia/Ho_Chi_Minh:20261201T190000', '2026-12-01T12:00:00.000Z', ''],
    ['DTSTART;TZID=Europe/Berlin:20260701T100000', '2026-07-01T08:00:00.000Z', ''],
    ['DTSTART;TZID="/mozilla.org/20050126_1/Europe/Berlin":20260701T100000', '2026-07-01T08:00:00.000Z', ''],
    [
      'DTSTART;TZID=W. Europe Standard Time:20260701T100000',
      '2026-07-01T08:00:00.000Z',
      zone('W. Europe Standard Time'),
    ],
    [
      'DTSTART;TZID=W. Europe Standard Time:20261101T100000',
      '2026-11-01T09:00:00.000Z',
      zone('W. Europe Standard Time'),
    ],
    [
      'DTSTART;TZID=W. Europe Standard Time:20260215T100000',
      '2026-02-15T09:00:00.000Z',
      zone('W. Europe Standard Time'),
    ],
    ['DTSTART;TZID=Customized Time:20260215T100000', null, ''],
    ['DTSTART:20260215T100000', null, ''],
  ] as const) {
    const start = starts(line, around)
    assert.deepEqual([start?.at, start?.local.length], [at, 19], line)
  }
  assert.deepEqual(starts('DTSTART;VALUE=DATE:20260215'), { at: null, local: '2026-02-15', zone: null })
  assert.equal(starts('DTSTART:yesterday'), null)
  assert.equal(starts('DTSTART:20269915T100000'), null)
})

test('what was called off says so', () => {
  assert.equal(eventIn('STATUS:CANCELLED\n').cancelled, true)
  assert.equal(eventsIn(calendar('SUMMARY:x\n').replace('REQUEST', 'CANCEL'))[0]?.cancelled, true)
})

test('what is made to take long, or much room, does neither', () => {
  const ms = takenMs(() => {
    for (const piece of [
      'BEGIN:VEVENT\r\n',
      'BEGIN:VEVENT\r\nEND:VEVENT\r\n',
      'END:VEVENT\r\n',
      'ATTENDEE:mailto:a@b\r\n',
      ';a="b',
      '"',
      'x\r\n ',
      'BEGIN:VTIMEZONE\r\nTZID:x\r\nEND:VTIMEZONE\r\n',
      'DTSTART;TZID=Europe/Berlin:20260701T100000\r\n',
    ]) {
      const text = piece.repeat(2_000_000 / piece.length)
      for (const all of [text, calendar(text), calendar(`SUMMARY:${text}\n`)]) {
        const events = eventsIn(all)
        assert.ok(JSON.stringify(events).length < 100_000, piece)
      }
    }
  })
  assert.ok(ms < 6000, `${ms} ms`)
})
