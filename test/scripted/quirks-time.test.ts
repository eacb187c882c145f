/** QUIRKS section 1, what takes hours, days or weeks: the clock is the script's, and the next visit is when the rules say. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Account } from '../../src/account/account.ts'
import { consequenceOf, type FailureHistory, noFailures } from '../../src/failure/consequence.ts'
import { type Failure } from '../../src/failure/failure.ts'
import { day, hour, minute } from '../../src/units.ts'
import type { MaildropMessage } from '../support/pop3-server.ts'
import { holds, left, lettersOf, type Provider, providerOf, times, type Visit } from '../support/visits.ts'

const remove = { retention: { mode: 'delete' } } as const
const numbered = (count: number) => lettersOf(...Array.from({ length: count }, (_, nth) => `letter ${nth}`))

/** Visits until the clock of the script has gone so far; after a run that went well again a while later, after another when its consequence says. */
async function visitsFor(
  { visit, world }: Provider,
  forMs: number,
  { account, everyMs = 10 * minute }: { account?: Partial<Account>; everyMs?: number } = {},
): Promise<Visit[]> {
  const untilMs = world.nowMs + forMs
  const visits: Visit[] = []
  let history: FailureHistory = noFailures
  while (world.nowMs < untilMs) {
    const seen = await visit(account)
    visits.push(seen)
    if (seen.failure === null) {
      history = noFailures
      world.nowMs += everyMs
      continue
    }
    const failure = { kind: seen.failure.kind, server: 'pop.example.net', reply: '-ERR', during: 'PASS' } as Failure
    const consequence = consequenceOf(failure, history, world.nowMs, 0)
    history = consequence.history
    assert.ok(consequence.next.do === 'try again', `the account stops: ${seen.failure.message}`)
    world.nowMs += Math.max(consequence.next.afterMs, minute)
  }
  return visits
}

const ends = (visits: readonly Visit[]) => visits.at(-1)?.failure ?? null

// QUIRKS 24
test('throttling that is told as a bad password and passes after four hours: the account goes on by itself, and has asked seldom', async (t) => {
  const letters = numbered(5)
  let throttledUntilMs = 0
  const provider: Provider = await providerOf(t, {
    messages: letters,
    atConnection: () =>
      provider.world.nowMs < throttledUntilMs
        ? { answers: { PASS: '-ERR Logon failure: unknown user name or bad password.\r\n' } }
        : {},
  })
  throttledUntilMs = provider.world.nowMs + 4 * hour
  const visits = await visitsFor(provider, 8 * hour, { account: remove })
  const refused = visits.filter(({ failure }) => failure !== null)
  assert.ok(refused.length > 0 && refused.length <= 5, `${refused.length} refused visits`)
  assert.equal(ends(visits), null)
  assert.deepEqual(left(provider), [])
  holds(provider, letters)
})

// QUIRKS 31
for (const [where, words] of [
  ['RETR', '-ERR Download Exceed\r\n'],
  ['RETR', '-ERR Download exceed. msg=10\r\n'],
] as const) {
  test(`a quota of ten messages a day (${words.trim()}): all come day by day, none is set aside, none twice`, async (t) => {
    const letters = numbered(35)
    let today = 0
    let given = 0
    const provider: Provider = await providerOf(t, {
      messages: letters,
      mangles(reply, command) {
        if (!command.startsWith(where)) return reply
        const now = Math.floor(provider.world.nowMs / day)
        if (now !== today) [today, given] = [now, 0]
        given += 1
        return given <= 10 ? reply : Buffer.from(words)
      },
    })
    const visits = await visitsFor(provider, 5 * day, { account: remove, everyMs: hour })
    assert.equal(ends(visits), null)
    assert.deepEqual(
      visits.map(({ quarantined }) => quarantined).filter((count) => count > 0),
      [],
      'set aside',
    )
    assert.deepEqual(left(provider), [])
    holds(provider, letters)
  })
}

// QUIRKS 32
test('POP3 that is switched off for three weeks and on again: what was stored is known, what came meanwhile is fetched', async (t) => {
  const letters = numbered(8)
  const before = letters.slice(0, 5)
  let off = false
  let shown: readonly MaildropMessage[] = before
  const provider = await providerOf(t, {
    messages: [],
    atConnection: () => ({
      messages: shown,
      ...(off && { answers: { PASS: '-ERR [SYS/PERM] POP3 access is disabled for this mailbox\r\n' } }),
    }),
  })
  assert.equal(ends(await visitsFor(provider, hour)), null)
  holds(provider, before)
  off = true
  const away = await visitsFor(provider, 21 * day)
  assert.ok(away.every(({ failure }) => failure?.kind === 'provider refused'))
  assert.ok(away.length < 21 * 8, `${away.length} visits in three weeks`)
  off = false
  shown = letters
  assert.equal(ends(await visitsFor(provider, 5 * hour)), null)
  holds(provider, letters)
  assert.equal(times(provider, 'RETR'), letters.length)
})

// QUIRKS 35
for (const account of [{}, remove]) {
  const how = account === remove ? 'delete' : 'keep'
  test(`a maildrop that shows the last thirty days whatever was fetched or deleted (Gmail's "recent:"): each message comes once (${how})`, async (t) => {
    const letters = numbered(70)
    let daysGone = 0
    const provider = await providerOf(t, {
      messages: [],
      keepsDeleted: true,
      // One message comes each day.
      atConnection: () => ({ messages: letters.slice(Math.max(0, daysGone - 30), daysGone) }),
    })
    for (; daysGone <= letters.length; daysGone += 1) {
      const visits = await visitsFor(provider, day, { account, everyMs: day })
      assert.equal(ends(visits), null)
    }
    // What comes back after a confirmed deletion is retrieved once more: only its bytes prove that it is the same.
    const retrievals = account === remove ? 2 * letters.length : letters.length
    assert.ok(times(provider, 'RETR') <= retrievals, `${times(provider, 'RETR')} RETRs`)
    holds(provider, letters)
  })
}
