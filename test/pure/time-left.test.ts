/** How well the time that a run has left is known, over the traces of made-up imports: their real order, and lines and stores of several kinds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Listed, MessageNumber, Octets } from '../../src/mail/message.ts'
import { pullLimits } from '../../src/pull/limits.ts'
import { orderOf } from '../../src/pull/order.ts'
import { TimeLeft } from '../../src/pull/time-left.ts'
import { seeded as chanceOf } from '../support/pieces.ts'

interface Line {
  /** What each message costs, and each KiB. */
  readonly messageMs: number
  readonly kibMs: number
  /** How much a window takes more or less than that, as a part of it. */
  readonly unsteady: number
  /** The costs grow so many times as high over the whole import. */
  readonly slowsDown?: number
}

const seed = 7
const MiB = 1_048_576

/** Sizes as a mailbox has them: most are some KiB, and few are very large. */
function mailbox(count: number, large: readonly number[] = []): Listed[] {
  const random = chanceOf(seed)
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const usual = Array.from({ length: count }, () => Math.round(Math.min(25 * MiB, 9000 * Math.exp(1.4 * normal()))))
  return [...usual, ...large].map((size, nth) => ({
    number: (nth + 1) as MessageNumber,
    size: size as Octets,
    uidl: undefined,
  }))
}

const uniform = (count: number, size: number) => mailbox(count).map((message) => ({ ...message, size: size as Octets }))

interface Said {
  readonly atMs: number
  readonly seconds: number
}

/** Retrieves them in the order and in the windows of a first import. @returns what was said behind each window, and how long it took in all. */
async function imported(messages: readonly Listed[], line: Line, messageMs?: number) {
  const order = await orderOf(messages, { fresh: new Set(), isBeginning: true })
  const all = [...order.first, ...order.rest]
  const random = chanceOf(seed + 1)
  const left = new TimeLeft(messageMs)
  left.expect(all, 0)
  const said: Said[] = []
  let nowMs = 0
  for (let at = 0; at < all.length; ) {
    let octets = 0
    let to = at
    while (to < all.length && to - at < pullLimits.windowMessagesMax && (to === at || octets < 4 * MiB))
      octets += all[to++]?.size ?? 0
    const window = all.slice(at, to)
    const slower = 1 + ((line.slowsDown ?? 1) - 1) * (at / all.length)
    const costMs = (window.length * line.messageMs + (octets / 1024) * line.kibMs) * slower
    nowMs += costMs * (1 + line.unsteady * (2 * random() - 1))
    at = to
    left.came(window, nowMs)
    const seconds = left.seconds(nowMs)
    if (seconds !== null) said.push({ atMs: nowMs, seconds })
  }
  return { said, tookMs: nowMs }
}

/** How many times too long or too short what was said was at the worst, from a part of the time on; a few seconds more or less count for nothing. */
function worst({ said, tookMs }: { readonly said: readonly Said[]; readonly tookMs: number }, from: number): number {
  const slackMs = 3000
  let most = 1
  for (const { atMs, seconds } of said) {
    const leftMs = tookMs - atMs
    if (atMs < from * tookMs || Math.abs(seconds * 1000 - leftMs) <= slackMs) continue
    most = Math.max(
      most,
      (seconds * 1000 + slackMs) / (leftMs + slackMs),
      (leftMs + slackMs) / (seconds * 1000 + slackMs),
    )
  }
  return most
}

const lines = {
  'a fast line': { messageMs: 0.5, kibMs: 0.02, unsteady: 0.3 },
  'a line of 1 MB a second': { messageMs: 0.3, kibMs: 1, unsteady: 0.2 },
  'a modem': { messageMs: 5, kibMs: 200, unsteady: 0.1 },
} satisfies Record<string, Line>

const imports = {
  'with large messages at its end': mailbox(
    5000,
    Array.from({ length: 30 }, () => 6 * MiB),
  ),
  'of usual mail': mailbox(20_000),
  'of messages of one size': uniform(20_000, 8000),
}

for (const [lineName, line] of Object.entries(lines)) {
  for (const [name, messages] of Object.entries(imports)) {
    test(`over ${lineName}, the time left of an import ${name} is never off by more than a quarter`, async () => {
      const run = await imported(messages, line)
      assert.ok(run.said.length > 0)
      assert.ok(worst(run, 0.1) < 1.25, `${worst(run, 0.1)} times`)
    })
  }
}

test('the time that is left follows from what has come, and from the budget where that is slower', () => {
  const size = 1000 as Octets
  const all = Array.from({ length: 10 }, (_, nth) => ({ number: (nth + 1) as MessageNumber, size, uidl: undefined }))
  const left = new TimeLeft()
  left.expect(all, 5000)
  assert.equal(left.seconds(65_000), null)
  assert.equal(left.seconds(5000, 20_000), 1800)
  left.came(all.slice(0, 1), 6000)
  assert.equal(left.seconds(6000), null)
  left.came(all.slice(1, 2), 15_000)
  assert.ok(Math.abs((left.seconds(15_000) ?? 0) - 40) <= 2, `${left.seconds(15_000)}`)
  assert.equal(left.seconds(15_000, 8000), 3600)
  left.gaveUp(4)
  assert.ok(Math.abs((left.seconds(15_000) ?? 0) - 20) <= 1, `${left.seconds(15_000)}`)
})
