import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccountId } from '../../src/mail/message.ts'
import { pending } from '../../src/deadline.ts'
import { HeldPlace } from '../../workers/place.ts'

const visit = { accountId: '01M8H811N7FM1VRKWXSX57AV90' as AccountId, task: 'pull' } as const
const reach = async () => await Promise.resolve(true)

test('a place is let go once nothing that was said of it is under way, and said once at a time', async () => {
  const [asked, answer] = [pending(), pending()]
  let said = 0
  const hold = async () => {
    said += 1
    asked.resolve()
    await answer.promise
    return true
  }
  const place = new HeldPlace({ hold, reach }, visit, 1)
  await asked.promise
  let gone = false
  const letting = place.end().then(() => {
    gone = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual([gone, said], [false, 1])
  answer.resolve()
  await letting
  assert.ok(gone)
})

test('a place whose Redis is away is said again', async () => {
  const twice = pending()
  let said = 0
  const hold = async () => {
    said += 1
    if (said === 2) twice.resolve()
    throw new Error('Connection is closed.')
  }
  const place = new HeldPlace({ hold, reach }, visit, 1)
  await twice.promise
  await place.end()
})

test('a visit at an address that has no slot left gives way before it logs in, and is due again at once', async () => {
  const asked: string[] = []
  const full = async (_visit: unknown, peer: string) => {
    asked.push(peer)
    return await Promise.resolve(false)
  }
  const place = new HeldPlace({ hold: async () => await Promise.resolve(true), reach: full }, visit, 60_000)
  place.begun('192.0.2.1:995')
  place.reached('192.0.2.2:995')
  assert.deepEqual(asked, [], 'it was known')
  place.begun(undefined)
  place.reached('192.0.2.1:995')
  await new Promise((resolve) => place.given.addEventListener('abort', resolve, { once: true }))
  assert.deepEqual([asked, place.gaveWay], [['192.0.2.1:995'], 'no slot'])
  await place.end()
})
