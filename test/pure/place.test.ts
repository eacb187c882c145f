import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccountId } from '../../src/mail/message.ts'
import { pending } from '../../src/deadline.ts'
import { holdPlace } from '../../workers/place.ts'

const visit = { accountId: '01M8H811N7FM1VRKWXSX57AV90' as AccountId, task: 'pull' } as const

test('a place is let go once nothing that was said of it is under way, and said once at a time', async () => {
  const [asked, answer] = [pending(), pending()]
  let said = 0
  const hold = async () => {
    said += 1
    asked.resolve()
    await answer.promise
  }
  const letGo = holdPlace({ hold }, visit, 1)
  await asked.promise
  let gone = false
  const letting = letGo().then(() => {
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
  const letGo = holdPlace({ hold }, visit, 1)
  await twice.promise
  await letGo()
})
