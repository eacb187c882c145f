/** The times that are offered to whoever sends later: what a clock on the wall shows, also where it is put forward or back in between. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pageModule } from '../support/page-module.ts'

interface Times {
  presets(now: Date): readonly { readonly name: string; readonly at: Date }[]
}

let times: Times
const { TZ } = process.env
before(async () => {
  times = await pageModule<Times>('dashboard/pages/compose/times.ts')
  process.env['TZ'] = 'Europe/Berlin'
})
after(() => {
  if (TZ === undefined) delete process.env['TZ']
  else process.env['TZ'] = TZ
})

const offered = (now: string) => times.presets(new Date(now)).map(({ name, at }) => `${name} ${at.toISOString()}`)

test('eight in the morning is eight after the clocks were put back or forward, and Monday is not offered twice', () => {
  for (const [now, wanted] of [
    // They go back in the night to Sunday.
    [
      '2026-10-24T10:00:00Z',
      ['evening 2026-10-24T16:00:00.000Z', 'morning 2026-10-25T07:00:00.000Z', 'monday 2026-10-26T07:00:00.000Z'],
    ],
    // They go forward in the night to Sunday, and it is too late for this evening.
    ['2027-03-27T16:30:00Z', ['morning 2027-03-28T06:00:00.000Z', 'monday 2027-03-29T06:00:00.000Z']],
    ['2026-10-25T11:00:00Z', ['evening 2026-10-25T17:00:00.000Z', 'morning 2026-10-26T07:00:00.000Z']],
    // In the hour that comes twice.
    ['2026-10-25T00:30:00Z', ['evening 2026-10-25T17:00:00.000Z', 'morning 2026-10-26T07:00:00.000Z']],
    // On a Monday it is the next one.
    ['2026-10-26T22:30:00Z', ['morning 2026-10-27T07:00:00.000Z', 'monday 2026-11-02T07:00:00.000Z']],
  ] as const)
    assert.deepEqual(offered(now), wanted, now)
})
