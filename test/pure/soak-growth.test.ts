import assert from 'node:assert/strict'
import { test } from 'node:test'
import { grown, type Sample } from '../soak/growth.ts'

/** A sample each second for 200 s. */
function samplesOf(at: (second: number) => Omit<Sample, 'atMs'>): Sample[] {
  return Array.from({ length: 200 }, (_, second) => ({ atMs: second * 1000, ...at(second) }))
}
const worker = { octets: 120e6, files: 40, ageMs: 60_000 }

test('a soak whose parts hold the same from beginning to end has no leak', () => {
  assert.deepEqual(
    grown(samplesOf((second) => ({ parts: { worker: { ...worker, files: 30 + (second % 25) } }, keys: 200 }))),
    [],
  )
})

test('what is taken in the first half is no leak', () => {
  assert.deepEqual(
    grown(
      samplesOf((second) => ({
        parts: { worker: { ...worker, octets: Math.min(second, 90) * 4e6 } },
        keys: Math.min(second, 90) * 10,
      })),
    ),
    [],
  )
})

test('memory, open files and keys that go on growing are told, each by itself', () => {
  const leaking = (second: number) => ({
    parts: { worker: { octets: second * 2e6, files: second, ageMs: 60_000 }, api: worker },
    keys: second * 2,
  })
  assert.deepEqual(grown(samplesOf(leaking)), [
    'worker grows, its octets of memory: 250000000 in the third quarter, 350000000 in the last',
    'worker grows, its open files: 125 in the third quarter, 175 in the last',
    'redis grows, its keys: 250 in the third quarter, 350 in the last',
  ])
  const files = samplesOf((second) => ({ parts: { worker: { ...worker, files: second } }, keys: undefined }))
  assert.deepEqual(grown(files), ['worker grows, its open files: 125 in the third quarter, 175 in the last'])
})

test('one moment of much work, a process that was started a moment ago, and a soak too short are no leaks', () => {
  const peak = samplesOf((second) => ({
    parts: { worker: second === 180 ? { octets: 9e9, files: 9999, ageMs: 60_000 } : worker },
    keys: second === 180 ? 99_999 : 200,
  }))
  assert.deepEqual(grown(peak), [])
  const young = samplesOf((second) => ({
    parts: { worker: second < 150 ? worker : { octets: 9e9, files: 9999, ageMs: 5000 } },
    keys: undefined,
  }))
  assert.deepEqual(grown(young), [])
  assert.deepEqual(grown(samplesOf((second) => ({ parts: { worker }, keys: second ** 3 })).slice(0, 20)), [])
  assert.deepEqual(grown([]), [])
})
