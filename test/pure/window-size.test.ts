import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { pullLimits } from '../../src/pull/limits.ts'
import type { Maildrop } from '../../src/pull/maildrop-ports.ts'
import { WindowSize } from '../../src/pull/window-size.ts'

const { windowMessagesMax } = pullLimits
const cut = new SessionFailed({ kind: 'unreachable', server: 's:110', reason: 'it hung up' })
const maildrop = { loginDelayMs: 0 } as Maildrop

/** Plays a session of so many messages, that is cut when so many have come. The answer is how many of them are kept. */
function play(windows: WindowSize, messages: number, cutAt = Infinity): { kept: number; goesOn: boolean } {
  let kept = 0
  let came = 0
  while (kept < messages) {
    const size = Math.min(windows.messagesMax, messages - kept)
    windows.asked(size)
    for (let nth = 0; nth < size; nth += 1) {
      if (came >= cutAt) return { kept, goesOn: windows.broke(cut, maildrop) }
      windows.came()
      came += 1
    }
    windows.closed(size)
    kept += size
  }
  return { kept, goesOn: false }
}

test('a session that is cut in its first window keeps nothing, and the next ones nearly all of what comes', () => {
  const windows = new WindowSize()
  windows.begin(undefined)
  assert.deepEqual(play(windows, 500, 99), { kept: 0, goesOn: true })
  for (let session = 1; session < pullLimits.cutSessionsMax; session += 1) {
    windows.begin(undefined)
    assert.deepEqual(play(windows, 400, 99), { kept: 96, goesOn: session < pullLimits.cutSessionsMax - 1 })
  }
  assert.deepEqual(windows.news, { messages: 24, came: 99 })
  const next = new WindowSize()
  next.begin({ messages: 24, came: 99 })
  assert.deepEqual(play(next, 400, 99), { kept: 96, goesOn: true })
  assert.equal(next.news, null, 'nothing new')
})

test('windows shrink down to one message, and grow again in a session that gets further', () => {
  const windows = new WindowSize()
  windows.begin(undefined)
  play(windows, 500, 0)
  assert.equal(windows.messagesMax, 1)
  windows.begin(undefined)
  assert.equal(play(windows, 1000).kept, 1000)
  assert.equal(windows.messagesMax, windowMessagesMax)
  assert.equal(windows.news, null, 'as it was before')
})

test('a short session proves nothing about a long one', () => {
  const windows = new WindowSize()
  windows.begin({ messages: 24, came: 99 })
  play(windows, 20)
  assert.equal(windows.messagesMax, 24)
})

test('no session goes on where nothing came, where the server wants a time between logins, or where no window was open', () => {
  for (const [came, loginDelayMs, asked] of [
    [0, 0, 5],
    [3, 60_000, 5],
    [3, 0, 0],
  ] as const) {
    const windows = new WindowSize()
    windows.begin(undefined)
    windows.asked(asked)
    for (let nth = 0; nth < came; nth += 1) windows.came()
    assert.equal(windows.broke(cut, { loginDelayMs } as Maildrop), false)
  }
})

test('if the session that should go on is not let in, the run fails of what ended the one before', () => {
  const windows = new WindowSize()
  windows.begin(undefined)
  play(windows, 500, 99)
  const throttled = new SessionFailed({ kind: 'throttled', server: 's:110', reply: 'too many' })
  assert.equal(windows.instead(throttled), cut)
  windows.begin(undefined)
  assert.equal(windows.broke(throttled, maildrop), false)
  assert.equal(windows.instead(throttled), throttled)
})

test('a session asks for no more stored messages than the last one gave before it was ended, and for twice as many after it came to its end', () => {
  const windows = new WindowSize()
  windows.begin(undefined)
  assert.equal(windows.spare, Infinity)
  play(windows, 30, 9)
  windows.begin(undefined)
  assert.equal(windows.spare, 9)
  play(windows, 4)
  assert.equal(windows.spare, 5)
  play(windows, 5)
  assert.equal(windows.spare, 0)
  assert.equal(windows.ended(maildrop), true)
  windows.begin(undefined)
  assert.equal(windows.spare, 18)
  assert.equal(windows.ended({ ...maildrop, loginDelayMs: 60_000 }), false, 'LOGIN-DELAY')
})
